/** Asks servers at all kinds of addresses, in a network of its own, and prints what came of it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createHttpClient } from '../../../src/http/index.ts'
import { ADDRESSES } from './addresses.ts'

const requests: string[] = []
for (const address of ADDRESSES) {
  const server = createServer((request, response) => {
    requests.push(address)
    const target = decodeURIComponent(request.url!.slice(1))
    if (target === '') response.end(`from ${address}`)
    else response.writeHead(302, { location: target }).end()
  })
  await once(server.listen(8080, address), 'listening')
}

/** The URL of a host that redirects to the next one, and so on. */
const chain = (hosts: string[]): string =>
  hosts.reduceRight((target, host) => `http://${host}:8080/${encodeURIComponent(target)}`, '')

const outcomes: Record<string, string> = {}
for (const hosts of JSON.parse(process.argv[2]) as string[][]) {
  const client = createHttpClient()
  requests.length = 0
  try {
    const bytes = await client.fetchDocument(new URL(chain(hosts)), { limit: 1000 })
    outcomes[hosts.join(' ')] = Buffer.from(bytes!).toString()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    outcomes[hosts.join(' ')] = `${code} after ${requests.join(' ')}: ${message}`
  }
  await client.close()
}
process.stdout.write(JSON.stringify(outcomes))
process.exit(0)
