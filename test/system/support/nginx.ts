import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A running nginx that serves a folder. */
export interface Nginx {
  /** Without a slash at the end. */
  readonly url: string
  /** What was asked for and found so far, as paths that begin with `/`. */
  served(): string[]
  /** What it wrote about requests that it did not answer with what was asked for. */
  errors(): string
  stop(): Promise<void>
}

/** Directives for the configuration of nginx. */
export interface NginxDirectives {
  /** In the block of all servers, such as `limit_req_zone …;`. */
  readonly http?: string
  /** For all that is served, such as `limit_req …;`. */
  readonly location?: string
}

/** Starts nginx on a port of 127.0.0.1, with everything it writes in `home`, and waits until it answers. */
export async function startNginx(folder: string, home: string, directives: NginxDirectives = {}): Promise<Nginx> {
  mkdirSync(home, { recursive: true })
  const port = await findPort()
  const log = join(home, 'access.log')
  const config = join(home, 'nginx.conf')
  writeFileSync(config, configuration(folder, home, port, log, directives))
  // It ends with this process, however that ends.
  const command = ['--pdeathsig', 'TERM', 'nginx', '-e', 'stderr', '-p', home, '-c', config]
  const child = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}:\n${said}`)
    await wait(20)
  }
  return {
    url,
    errors: () => said,
    served: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function configuration(
  folder: string,
  home: string,
  port: number,
  log: string,
  { http = '', location = '' }: NginxDirectives,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${home}/${name};`,
  )
  return `
daemon off;
user root;
pid ${home}/nginx.pid;
worker_processes 2;
events {}
http {
  ${temporary.join('\n  ')}
  map $status $found { 200 1; default 0; }
  log_format served '$uri';
  access_log ${log} served if=$found;
  ${http}
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    location / {
      ${location}
    }
  }
}
`
}

/** A port that was free just now. */
async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer()
    return true
  } catch {
    return false
  }
}
