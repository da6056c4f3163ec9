import type { Command } from 'commander'

/** A command as the list of commands shows it. The rest of it is loaded when it is called: `--help` then takes half the time. */
export interface ListedCommand {
  /** What may follow its name. */
  readonly usage: string
  readonly description: string
  /** Resolves to what adds its options, and what it does. */
  load(): Promise<(command: Command) => void>
}

/** The commands by their names, in the order of the list. */
export const COMMANDS: ReadonlyMap<string, ListedCommand> = new Map(
  Object.entries<ListedCommand>({
    build: {
      usage: '[options] [FILE]',
      description: 'Build an image that machinectl import-tar and pull-tar accept.',
      load: async () => (await import('./build.ts')).defineBuild,
    },
    publish: {
      usage: '[options] <FILE...>',
      description: 'Build images into a folder that a web server serves.',
      load: async () => (await import('./publish.ts')).definePublish,
    },
    serve: {
      usage: '[options] [DIR]',
      description: 'Serve a folder of images over HTTP, to try them.',
      load: async () => (await import('./serve.ts')).defineServe,
    },
    pull: {
      usage: '[options] <URL>',
      description: 'Fetch the changed parts of an image from a web server.',
      load: async () => (await import('./pull.ts')).definePull,
    },
    check: {
      usage: '[options] [IMAGE]',
      description: 'Check whether systemd imports and boots an image.',
      load: async () => (await import('./check.ts')).defineCheck,
    },
    ls: {
      usage: '[options] <IMAGE> [PATH]',
      description: 'List what is in an image.',
      load: async () => (await import('./ls.ts')).defineLs,
    },
    cat: {
      usage: '[options] <IMAGE> <PATH...>',
      description: 'Print files of an image.',
      load: async () => (await import('./cat.ts')).defineCat,
    },
    extract: {
      usage: '[options] <IMAGE> [PATH...]',
      description: 'Extract an image, or some of it, to a folder.',
      load: async () => (await import('./extract.ts')).defineExtract,
    },
    sizes: {
      usage: '[options] <IMAGE>',
      description: 'Show what takes the space in an image, and why it is there.',
      load: async () => (await import('./sizes.ts')).defineSizes,
    },
    diff: {
      usage: '[options] <OLD> <NEW>',
      description: 'Show what differs between two images.',
      load: async () => (await import('./diff.ts')).defineDiff,
    },
    sbom: {
      usage: '[options] <IMAGE>',
      description: 'Print a software bill of materials of an image.',
      load: async () => (await import('./sbom.ts')).defineSbom,
    },
    init: {
      usage: '[options] [DIR]',
      description: 'Write a first declaration of an image.',
      load: async () => (await import('./init.ts')).defineInit,
    },
    schema: {
      usage: '[OF]',
      description: 'Print the JSON schema of declarations or of manifests.',
      load: async () => (await import('./schema.ts')).defineSchema,
    },
    key: {
      usage: '',
      description: 'Make keys that sign images.',
      load: async () => (await import('./key.ts')).addKeyCommands,
    },
    cache: {
      usage: '',
      description: 'Show, prune or clear the cache of compressed blocks.',
      load: async () => (await import('./cache.ts')).addCacheCommands,
    },
    bench: {
      usage: '[options]',
      description: 'Measure the speed of builds and of other programs.',
      load: async () => (await import('./bench.ts')).defineBench,
    },
  }),
)
