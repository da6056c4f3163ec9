import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { starterFiles } from '../../../src/index.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

const nix = needs('nix-instantiate')

/** Has Nix evaluate an expression in which `STARTER` is a file of a starter. */
function evaluate(
  file: string,
  expression: string,
  { name = 'web', system = 'x86_64-linux' }: { name?: string; system?: 'x86_64-linux' | 'aarch64-linux' } = {},
) {
  const options = { flavour: 'nixos', name, system, schema: 'x' } as const
  const path = join(temporaryFolder(), 'starter.nix')
  writeFileSync(path, starterFiles(options).get(`nixos/${file}`)!)
  const args = ['--eval', '--strict', '--json', '--expr', expression.replaceAll('STARTER', path)]
  // Nix needs a place of its own for what it evaluates, and may have no store.
  const env = {
    ...process.env,
    NIX_STATE_DIR: temporaryFolder(),
    NIX_STORE_DIR: temporaryFolder(),
    HOME: '/nonexistent',
  }
  return JSON.parse(execFileSync('nix-instantiate', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

describe.skipIf(nix.skip)(`Nix evaluates a starter:${nix.because}`, () => {
  it('its configuration is that of a container that people log in to', () => {
    const configuration = evaluate(
      'configuration.nix',
      'import STARTER { config.nix.package = "/nix-package"; pkgs.git = "git"; }',
      { system: 'aarch64-linux' },
    )
    expect(configuration).toMatchObject({
      boot: { isNspawnContainer: true },
      console: { enable: true },
      nixpkgs: { hostPlatform: 'aarch64-linux' },
      networking: { hostName: 'web', useNetworkd: true, useDHCP: false, useHostResolvConf: false },
      nix: { settings: { sandbox: false } },
      systemd: {
        services: {
          'register-nix-paths': {
            wantedBy: ['sysinit.target'],
            unitConfig: { DefaultDependencies: false, ConditionPathExists: '/nix-path-registration' },
            script: expect.stringMatching(/^\/nix-package\/bin\/nix-store --load-db < \/nix-path-registration\nrm /),
          },
        },
      },
    })
    expect(configuration.boot).not.toHaveProperty('postBootCommands')
  })

  it.each(['web', 'in', 'let'])('its flake takes the release that the configuration began with, and names %s', name => {
    const flake = evaluate('flake.nix', '{ inherit (import STARTER) inputs; }', { name })
    const configuration = evaluate('configuration.nix', 'import STARTER { config.nix.package = ""; pkgs.git = ""; }', {
      name,
    })
    const { stateVersion } = configuration.system
    expect(flake.inputs.nixpkgs.url).toBe(`github:NixOS/nixpkgs/nixos-${stateVersion}`)
    const names = evaluate(
      'flake.nix',
      'builtins.attrNames ((import STARTER).outputs { nixpkgs.lib.nixosSystem = x: x; }).nixosConfigurations',
      { name },
    )
    expect(names).toEqual([configuration.networking.hostName])
  })
})
