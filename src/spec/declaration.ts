/**
 * What a declaration may say: the shape of `image.yaml`, of the object that a program gives, and of the JSON schema that
 * editors complete from. A text given as `error` says what would be right; it ends up in messages.
 */
import { z } from 'zod'
import { FORMATS } from '../compression.ts'
import { SYSTEMS } from '../plan/index.ts'
import { nspawnSchema } from './nspawn-schema.ts'

const text = (error: string) => z.string({ error }).min(1, { error })
const flag = z.boolean({ error: 'give true or false' })
const filePath = (what: string) => text(`give the path of ${what}, relative to this file`)
const list = <T extends z.ZodType>(item: T, error: string) => z.array(item, { error }).min(1, { error })

/** What an absolute path in the image looks like; the rest is checked where entries are made. */
const imagePath = z
  .string({ error: 'give an absolute path in the image' })
  .regex(/^\/./, { error: 'give an absolute path in the image, such as /etc/motd' })

const MODE = 'give permission bits as octal digits, such as 0644 or "0644"'
const mode = z
  .string({ error: MODE })
  .regex(/^(0o?)?[0-7]{3,4}$/, { error: MODE })
  .describe('Permission bits in octal digits, such as 0644')

const OWNER = 'give UID:GID in numbers below 65536 (importers ignore names), such as 1000:100'
const owner = z
  .string({ error: OWNER })
  .regex(/^\d{1,5}:\d{1,5}$/, { error: OWNER })
  .describe('UID:GID in numbers below 65536; default 0:0')

/** Text that stands in the declaration, or a file beside it. */
const content = {
  text: z.string({ error: 'give text' }).optional().describe('The contents'),
  file: filePath('a file').optional().describe('Path of a file with the contents'),
}

const contentSchema = z.strictObject(content, { error: 'give { text: … } or { file: … }' })

const file = z
  .strictObject(
    { ...content, mode: mode.optional(), owner: owner.optional() },
    { error: 'give { text: … } or { file: … }' },
  )
  .describe('A file: contents, mode (default 0644) and owner')

const directory = z
  .strictObject({ mode: mode.optional(), owner: owner.optional() }, { error: 'give {} or { mode: …, owner: … }' })
  .describe('A directory: mode (default 0755) and owner')

const overlay = z
  .strictObject(
    {
      folder: filePath('a folder').describe('Path of the folder'),
      owner: owner
        .optional()
        .describe('UID:GID of the folder in the image and of all in it, in numbers below 65536; default 0:0'),
    },
    { error: 'give { folder: … }' },
  )
  .describe('A folder to copy. Files are 0644, or 0755 if anybody may execute them; directories are 0755')

const CACHE_URL = 'give the URL of a binary cache, such as https://cache.example.org or file:///srv/cache'
/** Of letters in both cases, which URLs may have: a pattern in a JSON schema has no flags. */
const CACHE = /^(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Ii][Ll][Ee]):\/\//
const KEY = 'give a public key, NAME:BASE64'

const closure = z
  .strictObject(
    {
      toplevel: text('give the NixOS system: a store path, or a symlink to one')
        .optional()
        .describe('NixOS system to boot: a store path, or a symlink to one such as ./result'),
      roots: list(text('give a store path, or a symlink to one'), 'give a list of store paths')
        .optional()
        .describe('More store paths to include, with their closure'),
      caches: list(
        z.string({ error: CACHE_URL }).regex(CACHE, { error: CACHE_URL }),
        'give a list of URLs of binary caches',
      )
        .optional()
        .describe('URLs of binary caches that have the closure'),
      trustedPublicKeys: list(
        z.string({ error: KEY }).regex(/^[^:\s]+:[A-Za-z0-9+/]{43}=$/, { error: KEY }),
        'give a list of public keys, NAME:BASE64',
      )
        .optional()
        .describe('Keys that may sign for the caches, NAME:BASE64; default: cache.nixos.org-1'),
      requireSignatures: flag.optional().describe('Whether store paths of caches need a signature; default true'),
      netrcFile: filePath('a netrc file')
        .optional()
        .describe('Path of a netrc file: user names and passwords for the caches'),
      tokenFile: filePath('a file with a token')
        .optional()
        .describe('Path of a file with a bearer token for the caches'),
      store: filePath('a folder').optional().describe('Path of a chroot store, which has its files in nix/store'),
      closureInfo: filePath('a folder')
        .optional()
        .describe("Path of a folder that nixpkgs' closureInfo made: includes all that it lists"),
      exportFile: filePath('a file').optional().describe('Path of an output of nix-store --export: includes all of it'),
      narFiles: z
        .record(z.string(), filePath('a file'), { error: 'give store paths with their NAR files' })
        .optional()
        .describe('Store paths to include, each with the path of its NAR'),
    },
    { error: 'give what the image is made of, such as { toplevel: ./result }' },
  )
  .describe('The store paths of the image and their source; default: the store of this machine')

const unit = z
  .strictObject(
    {
      ...content,
      enable: flag.optional().describe('Whether to enable it, by its [Install] section'),
      mask: flag.optional().describe('Whether to mask it, so that nothing can start it'),
      dropIns: z
        .record(
          z.string().regex(/^[^/.][^/]*\.conf$/, { error: 'a drop-in has a name that ends in .conf' }),
          contentSchema,
          { error: 'give names that end in .conf, with their contents' },
        )
        .optional()
        .describe('Drop-ins by name, such as 10-limits.conf'),
    },
    { error: 'give { text: … }, { file: … }, { enable: true } or { mask: true }' },
  )
  .describe('A new unit (text or file), or a unit of the closure to enable, mask or extend')

const snippets = (folder: string, suffix: string) =>
  z
    .record(
      z.string().regex(new RegExp(`^[^/.][^/]*\\${suffix}$`), { error: `a name in ${folder} ends in ${suffix}` }),
      contentSchema,
      { error: `give names that end in ${suffix}, with their contents` },
    )
    .optional()
    .describe(`Files in /etc/${folder}, by name`)

const systemd = z
  .strictObject(
    {
      machineId: text('give uninitialized, empty, missing, or 32 hex digits')
        .optional()
        .describe(
          'uninitialized: a machine gets its own ID at its first boot (the default); missing: the same; empty: its own ID, ' +
            'but no first boot (the default for NixOS before 24.11, where a first boot never ends); or an ID of 32 hex digits',
        ),
      hostname: text('give a host name').optional().describe('Host name, for /etc/hostname'),
      locale: text('give a locale, such as C.UTF-8').optional().describe('Locale, for LANG in /etc/locale.conf'),
      timezone: text('give a time zone, such as Europe/Berlin').optional().describe('Time zone, for /etc/localtime'),
      resolvConf: z
        .enum(['stub', 'uplink', 'empty'], { error: 'give one of stub, uplink, empty' })
        .optional()
        .describe('/etc/resolv.conf: a symlink to a file of systemd-resolved (stub or uplink), or an empty file'),
      osRelease: z
        .record(z.string(), z.string({ error: 'give text' }), { error: 'give fields of os-release, such as { ID: … }' })
        .optional()
        .describe('Fields of /etc/os-release, for an image without NixOS'),
      gettys: flag
        .optional()
        .describe(
          'Whether to add units for logins (console-getty, container-getty@, getty.target); default: those that are missing',
        ),
      units: z.record(z.string(), unit, { error: 'give units by their names' }).optional().describe('Units, by name'),
      presets: snippets('systemd/system-preset', '.preset'),
      tmpfiles: snippets('tmpfiles.d', '.conf'),
      sysusers: snippets('sysusers.d', '.conf'),
    },
    { error: 'give what systemd finds in the image, such as { hostname: … }' },
  )
  .describe('What systemd finds in the image')

const compression = z
  .strictObject(
    {
      format: z
        .enum(FORMATS, { error: `give one of ${FORMATS.join(', ')}` })
        .optional()
        .describe('Format of the image; default tar.xz'),
      level: z
        .int({ error: 'give a whole number from 0 to 9' })
        .min(0, { error: 'give a whole number from 0 to 9' })
        .max(9, { error: 'give a whole number from 0 to 9' })
        .optional()
        .describe('Compression level, 0 to 9; default 6'),
      arm64Branches: flag
        .optional()
        .describe(
          'Whether to convert the branches of ARM64 code: smaller, but the host that imports needs liblzma 5.4',
        ),
    },
    { error: 'give { format: …, level: … }' },
  )
  .describe('How the image is compressed')

const signing = z
  .strictObject(
    {
      keyFile: filePath('a secret key').optional().describe('Path of an OpenPGP secret key, such as keys/secret.asc'),
      passphraseFile: filePath('a file with a passphrase')
        .optional()
        .describe('Path of a file with the passphrase of keyFile'),
      gpg: text('give the ID, fingerprint or mail address of a key')
        .optional()
        .describe('ID, fingerprint or mail address of a key of gpg'),
    },
    { error: 'give { keyFile: … } or { gpg: … }' },
  )
  .describe('The key that signs SHA256SUMS')

/** The shape of a declaration. */
export const declarationSchema = z
  .strictObject(
    {
      name: text('give a name, such as web').optional().describe('Name of the image; default nixos-system-SYSTEM'),
      system: z
        .enum(SYSTEMS, { error: `give one of ${SYSTEMS.join(', ')}` })
        .optional()
        .describe('System of the image; default: that of the toplevel'),
      variables: z
        .record(
          z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a variable is named with letters, digits and _' }),
          z.string({ error: 'give text (numbers in quotes), or null for one that --set must give' }).nullable(),
          { error: 'give variables with their values' },
        )
        .optional()
        .describe(`Values for \${NAME} in this file. --set NAME=VALUE overrides one; if it is null, --set is required`),
      closure: closure.optional(),
      overlays: z
        .record(
          z.string().regex(/^\//, { error: 'give an absolute path in the image, such as /etc' }),
          z.union([overlay, z.array(overlay)], { error: 'give { folder: … }, or a list of these' }),
          {
            error: 'give paths in the image with folders, such as { /etc: { folder: ./etc } }',
          },
        )
        .optional()
        .describe('Folders to copy into the image, by their paths there'),
      files: z
        .record(imagePath, file, { error: 'give paths in the image with what they hold' })
        .optional()
        .describe('Files, by their paths in the image'),
      directories: z
        .record(imagePath, directory, { error: 'give paths in the image' })
        .optional()
        .describe('Directories, by their paths in the image; parents of files are made automatically'),
      links: z
        .record(imagePath, text('give what the link points to'), { error: 'give paths in the image with targets' })
        .optional()
        .describe('Symlinks, by their paths in the image, with their targets'),
      systemd: systemd.optional(),
      nspawn: nspawnSchema.optional(),
      compression: compression.optional(),
      signing: signing.optional(),
    },
    { error: 'give an object, such as { name: web, closure: { toplevel: ./result } }' },
  )
  .describe('A machine image for systemd-nspawn')

/** A declaration that was checked. */
export type Declaration = z.output<typeof declarationSchema>
