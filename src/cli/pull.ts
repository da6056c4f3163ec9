import { type Command, InvalidArgumentError, Option } from 'commander'
import { isSettingsFile } from '../image-files.ts'
import { machineNameOf, type PulledImage, pullImage, VERIFICATIONS, type Verify } from '../index.ts'
import { isHttp } from '../is-http.ts'
import { type ImportOutcome, type ImportRequest, importImage, importLines } from '../machine/index.ts'
import { formatBytes, formatSeconds } from '../units.ts'
import { CACHE_DIR, CACHE_SHARED, type CacheFlags, cacheOptionsOf, NO_CACHE } from './cache.ts'
import { imageName } from './image-name.ts'
import { type Line, printJson, printLines, printWarnings } from './print.ts'
import { createPullView } from './progress-view.ts'
import { shortPath } from './shell.ts'
import { abortOnSignals } from './signals.ts'
import { collectPaths, somePath, UsageError } from './usage.ts'

interface PullFlags extends CacheFlags {
  dir: string
  verify: Verify
  keyring?: string[]
  publicKey?: string[]
  from?: string[]
  saveTraffic?: true
  allowDowngrade?: true
  import?: string
  replace?: true
  trustSettings?: true
  netrcFile?: string
  tokenFile?: string
  json?: true
}

const EPILOGUE = `
URL is that of an image on a web server, such as
https://images.example.org/web.tar.xz, with SHA256SUMS beside it. If the image
has a manifest, pull takes blocks from older images and fetches only the others.
If it is interrupted, the next pull continues where it ended.

Example, on the machine that runs the image:
  nspawn-rootfs pull https://images.example.org/web.tar.xz \\
    --dir /var/cache/web --public-key public.asc --import web --replace

Topic: nspawn-rootfs help pulling`

/** Adds the argument and options of the command `pull`, and what it does. */
export function definePull(pull: Command): void {
  pull
    .argument('<URL>', 'URL of an image', imageUrl)
    .option('--dir <DIR>', 'folder for the image and the files beside it', somePath, '.')
    .addOption(
      new Option('--verify <HOW>', 'what to verify: the signature of SHA256SUMS, only the checksums, or no')
        .choices(VERIFICATIONS)
        .default('signature'),
    )
    .option(
      '--public-key <FILE>',
      'OpenPGP key that may sign (repeatable; default: the keyring of systemd)',
      collectPaths,
    )
    .option('--keyring <FILE>', 'keyring with keys that may sign (repeatable)', collectPaths)
    .option('--from <IMAGE>', 'older image to take blocks from, besides those in DIR (repeatable)', collectPaths)
    .option('--save-traffic', 'make changed blocks here where that saves bytes; takes processor time')
    .option('--allow-downgrade', 'accept what is older than what was published there before')
    .option('--import <NAME>', 'import the image as machine NAME; without root, print the commands', machineName)
    .option('--replace', 'with --import: stop the machine, replace it by the image and start it')
    .option('--trust-settings', 'with --import: install the settings of the image as trusted')
    .option('--netrc-file <FILE>', 'netrc file with a user name and password for the server', somePath)
    .option('--token-file <FILE>', 'file with a bearer token for the server', somePath)
    .addOption(NO_CACHE)
    .addOption(CACHE_DIR)
    .addOption(CACHE_SHARED)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .action(runPull)
}

async function runPull(url: string, flags: PullFlags): Promise<void> {
  const {
    dir,
    verify,
    keyring = [],
    publicKey = [],
    from,
    saveTraffic,
    allowDowngrade,
    netrcFile,
    tokenFile,
    json,
  } = flags
  for (const option of ['replace', 'trustSettings'] as const) {
    if (flags[option] && flags.import === undefined) {
      throw new UsageError(`--${option === 'replace' ? 'replace' : 'trust-settings'}: is for --import; give that, too`)
    }
  }
  const keys = [...keyring, ...publicKey]
  if (keys.length > 0 && verify !== 'signature') throw new UsageError(`--verify ${verify} asks no key; leave one out`)
  const started = performance.now()
  const interrupt = abortOnSignals('what was fetched is kept for the next pull')
  const view = createPullView(process.stderr)
  try {
    const pulled = await pullImage(url, dir, {
      ...{ verify, from, saveTraffic, allowDowngrade, netrcFile, tokenFile },
      keyrings: keys.length > 0 ? keys : undefined,
      cache: cacheOptionsOf(flags).cache,
      signal: interrupt.signal,
      onProgress: view.show,
      onSilence(isSilent) {
        view.clear()
        const news = isSilent
          ? 'nothing has come from the server for 10 seconds; trying again'
          : 'the server answers again'
        printLines([news], process.stderr)
      },
    })
    view.clear()
    if (!json) {
      printWarnings(pulled.warnings)
      printLines(summaryOf(pulled, verify, (performance.now() - started) / 1000))
    }
    if (flags.import === undefined) {
      if (json) printJson(pulled)
      return
    }
    let machine: MachineResult = { name: flags.import, action: 'failed' }
    try {
      machine = await importPulled(flags.import, pulled, flags, interrupt.signal)
    } finally {
      // The image has come, whatever became of the machine.
      if (json) printJson({ ...pulled, machine })
    }
  } finally {
    view.clear()
    interrupt.dispose()
  }
}

/** What `--json` says of the machine. */
interface MachineResult {
  readonly name: string
  /** `commands`: without root, nothing but to print them. */
  readonly action: ImportOutcome | 'commands' | 'failed'
  readonly commands?: readonly string[]
}

async function importPulled(
  machine: string,
  { image, sha256, files }: PulledImage,
  flags: PullFlags,
  signal: AbortSignal,
): Promise<MachineResult> {
  const say = (...lines: string[]) => printLines(lines, flags.json ? process.stderr : process.stdout)
  const request: ImportRequest = {
    ...{ machine, image, sha256 },
    settings: files.find(isSettingsFile),
    replace: flags.replace ?? false,
    trustSettings: flags.trustSettings ?? false,
    tell: line => printLines([line], process.stderr),
    signal,
  }
  const unchanged = `machine ${machine} was made of this image before, and is left as it is`
  if (process.geteuid?.() === 0) {
    const action = await importImage(request)
    if (action === 'kept') say(unchanged)
    return { name: machine, action }
  }
  const commands = await importLines(request)
  say(...(commands ? ['To import it, run as root:', ...commands] : [unchanged]))
  return { name: machine, ...(commands ? { action: 'commands', commands } : { action: 'kept' }) }
}

function summaryOf(pulled: PulledImage, verify: Verify, seconds: number): Line[] {
  const { size, bytesReused, bytesFetched, isNew, signedBy } = pulled
  const verified = {
    signature: `verified by the signature of ${signedBy}`,
    checksum: 'verified by SHA256SUMS, which nobody signed for',
    no: 'not verified',
  }
  return [
    isNew
      ? `${formatBytes(size)}: ${formatBytes(bytesReused)} reused, ${formatBytes(bytesFetched)} fetched, in ${formatSeconds(seconds)}`
      : `${formatBytes(size)}: nothing has changed`,
    verified[verify],
    ...pulled.files.map((file): Line => [{ style: 'bold', text: shortPath(file) }]),
  ]
}

function imageUrl(text: string): string {
  if (isHttp(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError('give the URL of an image on a web server, such as https://example.org/web.tar.xz')
}

function machineName(text: string): string {
  const name = imageName(text)
  if (machineNameOf(name) === name) return name
  throw new InvalidArgumentError(`no machine can be started under this name; give ${machineNameOf(text)}`)
}
