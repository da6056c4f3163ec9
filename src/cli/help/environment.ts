import type { Topic } from './topic.ts'

const TEXT = `EXIT CODES
  0   done
  1   failed; the output folder is as it was
  2   wrong usage
  "check" uses 1 for an image that systemd does not import, or that is broken.
  "diff" uses 1 for a difference, and 2 if it failed. In scripts with set -e:
    nspawn-rootfs diff OLD NEW || [ $? = 1 ]
  A command that is stopped by a signal cleans up and ends by it: SIGINT is 130
  in a shell, SIGTERM 143. A service of systemd that is stopped has not failed.

OUTPUT
  NO_COLOR                turns colours off

FOLDERS
  TMPDIR                  temporary files; default: /var/tmp for downloads.
                          "bench" needs room for three times its closure
  XDG_CACHE_HOME          the block cache is nspawn-rootfs in it; default:
                          ~/.cache

NIX
  PATH                    where "nix" and "nix-store" are looked for
  NIX_REMOTE              which store this machine uses; the other variables of
                          Nix for its stores work, too

PROXIES, in lower or upper case, as curl reads them
  http_proxy              for http; in a CGI program only in lower case
  https_proxy             for https
  all_proxy               for both
  no_proxy                hosts that are contacted directly
  A proxy begins with http://, https://, socks4://, socks4a://, socks5:// or
  socks5h://, and may contain a user name and a password, percent-encoded.

CERTIFICATES
  NIX_SSL_CERT_FILE       a file with certificates to trust
  SSL_CERT_FILE           the same, if NIX_SSL_CERT_FILE is not set; default:
                          the file of this system
  NODE_EXTRA_CA_CERTS     one more such file
  All of these are trusted in addition to the certificates of Node.

FILE DESCRIPTORS
  A build waits if it has too few: 48 are enough for a small build, 256 for any.
  "ulimit -n" shows the limit.`

export const environment: Topic = {
  name: 'environment',
  summary: 'exit codes, environment variables, proxies, certificates',
  text: TEXT,
}
