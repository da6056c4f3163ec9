import { objectOf, oneOf, someText } from '../arguments.ts'
import { SYSTEMS, type System } from '../plan/index.ts'
import { checkImageName } from '../systemd/index.ts'

/** What `init` makes: a NixOS system that can be changed in its machine, or a few store paths. */
export const FLAVOURS = ['nixos', 'plain'] as const

export type Flavour = (typeof FLAVOURS)[number]

/** What a starter is made for. */
export interface StarterOptions {
  readonly flavour: Flavour
  readonly name: string
  readonly system: System
  /** Where editors find the JSON schema of the declaration. */
  readonly schema: string
}

const checkOptions = objectOf({ flavour: oneOf(FLAVOURS), name: someText, system: oneOf(SYSTEMS), schema: someText }, [
  'flavour',
  'name',
  'system',
  'schema',
])

/** The files of a starter with their texts, the declaration first. Throws `SystemdError` IMAGE_NAME_INVALID. */
export function starterFiles(options: StarterOptions): Map<string, string> {
  checkOptions(options, 'options')
  checkImageName(options.name)
  if (options.flavour === 'plain') return new Map([['image.yaml', plainImage(options)]])
  return new Map([
    ['image.yaml', nixosImage(options)],
    ['nixos/flake.nix', flake(options)],
    ['nixos/configuration.nix', configuration(options)],
  ])
}

const head = ({ schema }: StarterOptions) => `# yaml-language-server: $schema=${schema}
# Every key: nspawn-rootfs help declaration. Paths are relative to this file.
`

const settings = `# Settings of systemd-nspawn, written to NAME.nspawn beside the image. Most take effect only after you install that file in
# /etc/systemd/nspawn: nspawn-rootfs help settings
#nspawn:
#  Network:
#    Port: ["tcp:8080:80"]             # a port of the host
#    #VirtualEthernet: false           # or, instead of that line, all of its network
#  Files:
#    Bind: ["/srv/data:/data:idmap"]   # first make /srv/data on the host
`

const signing = `# The key that signs SHA256SUMS. To make one: nspawn-rootfs key generate --out keys
#signing:
#  keyFile: keys/secret.asc
`

function nixosImage(options: StarterOptions): string {
  return `${head(options)}
name: ${yamlText(options.name)}
system: ${options.system}

# Made by: nix build path:./nixos#nixosConfigurations.${options.name}.config.system.build.toplevel
closure:
  toplevel: ./result
  # Or from a binary cache, without Nix on this machine:
  #toplevel: /nix/store/…-nixos-system-${options.name}-…
  #caches: [https://cache.example.org]
  #trustedPublicKeys: ["cache.example.org-1:…"]

# The configuration, for nixos-rebuild switch in the machine.
overlays:
  /etc/nixos: { folder: ./nixos }

# More files, such as keys to log in with:
#files:
#  /root/.ssh/authorized_keys: { file: ./id.pub, mode: 0600 }

# Units and other files for systemd: nspawn-rootfs help systemd
#systemd:
#  units:
#    hello.service:
#      enable: true
#      text: |
#        [Service]
#        Type=oneshot
#        ExecStart=/run/current-system/sw/bin/echo hello
#        [Install]
#        WantedBy=multi-user.target

${settings}
#compression: { format: tar.xz, level: 6 }

${signing}`
}

function plainImage(options: StarterOptions): string {
  return `${head(options)}
name: ${yamlText(options.name)}
system: ${options.system}

# nspawn-rootfs build image.yaml --set PROGRAM=$(readlink -f result)
variables:
  PROGRAM: null

closure:
  roots: ["\${PROGRAM}"]

# systemd-nspawn --machine ${options.name} /usr/bin/…
links:
  /usr/bin: \${PROGRAM}/bin

directories:
  /tmp: { mode: 1777 }

#files:
#  /etc/passwd: { text: "root:x:0:0::/root:/usr/bin/sh\\n" }
#overlays:
#  /etc: { folder: ./etc }

# For an image that boots, with systemd among its store paths and /usr/lib/systemd linked to it:
#systemd:
#  osRelease: { ID: ${yamlText(options.name)}, NAME: ${yamlText(options.name)} }

${settings}
#compression: { format: tar.xz, level: 6 }

${signing}`
}

/** A name as YAML text: in quotes if it would be read as a number, a truth value or nothing. */
function yamlText(name: string): string {
  return /^[A-Za-z]/.test(name) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name) ? name : JSON.stringify(name)
}

/** A name as that of an attribute: in quotes if it is a word of the language. */
function nixName(name: string): string {
  return /^(?:if|then|else|assert|with|let|in|rec|inherit|or)$/.test(name) ? JSON.stringify(name) : name
}

/** The release that a starter begins with. Its options are those of NixOS 25.11 and newer. */
const RELEASE = '26.05'

function flake({ name }: StarterOptions): string {
  return `{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-${RELEASE}";

  outputs = { nixpkgs, ... }: {
    nixosConfigurations.${nixName(name)} = nixpkgs.lib.nixosSystem {
      modules = [ ./configuration.nix ];
    };
  };
}
`
}

function configuration({ name, system }: StarterOptions): string {
  return `{ config, pkgs, ... }:
{
  nixpkgs.hostPlatform = "${system}";

  # A container: no kernel, no boot loader, and no mounts that systemd-nspawn makes itself.
  boot.isNspawnContainer = true;

  # Logins on the console and by machinectl login.
  console.enable = true;

  # nixos-rebuild finds this configuration in /etc/nixos by the name of the host.
  networking.hostName = "${name}";

  # The virtual network of machinectl start. With the network of the host these lines do nothing.
  networking.useNetworkd = true;
  networking.useDHCP = false;
  networking.useHostResolvConf = false;
  systemd.network.networks."10-host0" = {
    matchConfig.Name = "host0";
    networkConfig.DHCP = "yes";
  };

  # At the first boot, loads the store paths of the image into the Nix database and makes them the first generation.
  systemd.services.register-nix-paths = {
    description = "Register the store paths of the image";
    wantedBy = [ "sysinit.target" ];
    before = [ "sysinit.target" "shutdown.target" "nix-daemon.socket" "nix-daemon.service" ];
    conflicts = [ "shutdown.target" ];
    unitConfig = {
      DefaultDependencies = false;
      ConditionPathExists = "/nix-path-registration";
      RequiresMountsFor = "/nix";
    };
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
    script = ''
      \${config.nix.package}/bin/nix-store --load-db < /nix-path-registration
      rm /nix-path-registration
      \${config.nix.package}/bin/nix-env --profile /nix/var/nix/profiles/system --set /run/current-system
    '';
  };

  nix.settings = {
    experimental-features = [ "nix-command" "flakes" ];
    # A container lacks the namespaces that a sandbox needs.
    sandbox = false;
  };
  environment.systemPackages = [ pkgs.git ];

  # The release of the first image. Keep it when you upgrade.
  system.stateVersion = "${RELEASE}";
}
`
}
