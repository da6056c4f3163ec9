/**
 * What a declaration may say: the shape of `image.yaml`, of the object that a program gives, and of the JSON schema that
 * editors complete from. A text given as `error` says what would be right; it ends up in messages.
 */
import { z } from 'zod'
import { FORMATS } from '../container/index.ts'
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
  .describe('Permission bits, as octal digits: 0644')

const OWNER = 'give UID:GID in numbers below 65536, such as 1000:100: importers ignore names'
const owner = z
  .string({ error: OWNER })
  .regex(/^\d{1,5}:\d{1,5}$/, { error: OWNER })
  .describe('UID:GID, in numbers below 65536; default 0:0')

/** Text that stands in the declaration, or a file beside it. */
const content = {
  text: z.string({ error: 'give text' }).optional().describe('The contents, as they stand here'),
  file: filePath('a file').optional().describe('A file beside this one that holds the contents'),
}

const contentSchema = z.strictObject(content, { error: 'give { text: … } or { file: … }' })

const file = z
  .strictObject(
    { ...content, mode: mode.optional(), owner: owner.optional() },
    { error: 'give { text: … } or { file: … }' },
  )
  .describe('A file: its contents, mode (default 0644) and owner')

const directory = z
  .strictObject({ mode: mode.optional(), owner: owner.optional() }, { error: 'give {} or { mode: …, owner: … }' })
  .describe('A directory: its mode (default 0755) and owner')

const overlay = z
  .strictObject(
    {
      folder: filePath('a folder').describe('A folder beside this file'),
      owner: owner.optional(),
    },
    { error: 'give { folder: … }' },
  )
  .describe('All that lies in a folder. Files are 0644, or 0755 if their owner may run them; directories 0755')

const CACHE_URL = 'give the URL of a binary cache, such as https://cache.example.org or file:///srv/cache'
const KEY = 'give a public key, NAME:BASE64'

const closure = z
  .strictObject(
    {
      toplevel: text('give the NixOS system: a store path, or a symlink to one')
        .optional()
        .describe('A NixOS system to boot: a store path or a symlink to one, such as ./result'),
      roots: list(text('give a store path, or a symlink to one'), 'give a list of store paths')
        .optional()
        .describe('More store paths whose closure is in the image'),
      caches: list(
        z.string({ error: CACHE_URL }).regex(/^(https?|file):\/\//i, { error: CACHE_URL }),
        'give a list of URLs of binary caches',
      )
        .optional()
        .describe('Binary caches that the closure comes from'),
      trustedPublicKeys: list(
        z.string({ error: KEY }).regex(/^[^:\s]+:[A-Za-z0-9+/]{43}=$/, { error: KEY }),
        'give a list of public keys, NAME:BASE64',
      )
        .optional()
        .describe('Who may sign for the caches; default: cache.nixos.org-1'),
      requireSignatures: flag.optional().describe('Whether store paths of caches must be signed; default true'),
      netrcFile: filePath('a netrc file').optional().describe('User names and passwords for the caches'),
      tokenFile: filePath('a file with a token').optional().describe('Holds a bearer token for the caches'),
      store: filePath('a folder').optional().describe('A chroot store, with files in DIR/nix/store'),
      closureInfo: filePath('a folder').optional().describe("A folder of nixpkgs' closureInfo"),
      exportFile: filePath('a file').optional().describe('What nix-store --export wrote'),
      narFiles: z
        .record(z.string(), filePath('a file'), { error: 'give store paths with their NAR files' })
        .optional()
        .describe('Store paths with the files that hold their NARs'),
    },
    { error: 'give what the image is made of, such as { toplevel: ./result }' },
  )
  .describe('Which store paths the image holds, and where they come from; default: the store of this machine')

const unit = z
  .strictObject(
    {
      ...content,
      enable: flag.optional().describe('Whether it starts at boot, as its [Install] section says'),
      mask: flag.optional().describe('Whether it is made impossible to start'),
      dropIns: z
        .record(
          z.string().regex(/^[^/.][^/]*\.conf$/, { error: 'a drop-in has a name that ends in .conf' }),
          contentSchema,
          { error: 'give names that end in .conf, with their contents' },
        )
        .optional()
        .describe('Files that change parts of the unit, by name: 10-limits.conf'),
    },
    { error: 'give { text: … }, { file: … }, { enable: true } or { mask: true }' },
  )
  .describe('A unit of this image (text or file), or one of its store paths that is enabled, masked or changed')

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
          'uninitialized (default: every import is a first boot, with an ID of its own), missing (the same), ' +
            'empty (an ID of its own, but no first boot; the default for NixOS before 24.11, where a first boot never ends), ' +
            'or an ID of 32 hex digits',
        ),
      hostname: text('give a host name').optional().describe('Written to /etc/hostname'),
      locale: text('give a locale, such as C.UTF-8').optional().describe('LANG in /etc/locale.conf'),
      timezone: text('give a time zone, such as Europe/Berlin').optional().describe('/etc/localtime'),
      resolvConf: z
        .enum(['stub', 'uplink', 'empty'], { error: 'give one of stub, uplink, empty' })
        .optional()
        .describe("/etc/resolv.conf: a symlink to systemd-resolved's (stub or uplink), or an empty file to be filled"),
      osRelease: z
        .record(z.string(), z.string({ error: 'give text' }), { error: 'give fields of os-release, such as { ID: … }' })
        .optional()
        .describe('Fields of /etc/os-release, for an image that is no NixOS system'),
      gettys: flag
        .optional()
        .describe(
          'Whether units for logins (console-getty, container-getty@, getty.target) are added; default: those that are missing',
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
        .describe('Default tar.xz'),
      level: z
        .int({ error: 'give a whole number from 0 to 9' })
        .min(0, { error: 'give a whole number from 0 to 9' })
        .max(9, { error: 'give a whole number from 0 to 9' })
        .optional()
        .describe('How hard to compress, 0 to 9; default 6'),
      arm64Branches: flag.optional().describe('Whether branches of ARM64 code are converted; needs liblzma 5.4'),
    },
    { error: 'give { format: …, level: … }' },
  )
  .describe('How the image is compressed')

const signing = z
  .strictObject(
    {
      keyFile: filePath('a secret key')
        .optional()
        .describe('An OpenPGP secret key, such as secret.asc of key generate'),
      passphraseFile: filePath('a file with a passphrase').optional().describe('Holds the passphrase of the key'),
      gpg: text('give the ID, fingerprint or mail address of a key').optional().describe('A key that gpg knows'),
    },
    { error: 'give { keyFile: … } or { gpg: … }' },
  )
  .describe('Who signs SHA256SUMS')

/** The shape of a declaration. */
export const declarationSchema = z
  .strictObject(
    {
      name: text('give a name, such as web').optional().describe('Name of the image; default nixos-system-SYSTEM'),
      system: z
        .enum(SYSTEMS, { error: `give one of ${SYSTEMS.join(', ')}` })
        .optional()
        .describe('The system the image is for; default: what the toplevel says'),
      variables: z
        .record(
          z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a variable is named with letters, digits and _' }),
          z.string({ error: 'give text (numbers in quotes), or null for one that --set must give' }).nullable(),
          { error: 'give variables with their values' },
        )
        .optional()
        .describe(`What \${NAME} stands for elsewhere in this file; --set NAME=VALUE changes it; null: it must`),
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
        .describe('Folders beside this file, by where they are laid in the image'),
      files: z
        .record(imagePath, file, { error: 'give paths in the image with what they hold' })
        .optional()
        .describe('Files, by their paths in the image'),
      directories: z
        .record(imagePath, directory, { error: 'give paths in the image' })
        .optional()
        .describe('Directories, by their paths in the image; those above a file come by themselves'),
      links: z
        .record(imagePath, text('give what the link points to'), { error: 'give paths in the image with targets' })
        .optional()
        .describe('Symlinks, by their paths in the image: what each points to'),
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
