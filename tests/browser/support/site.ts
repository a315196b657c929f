import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StaticFiles } from '../../../src/http/static-files.ts'

/** Nothing inline, nothing from elsewhere but calls to the service on this machine. */
const STRICT_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  'connect-src http://127.0.0.1:* ws://127.0.0.1:*',
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** A web server of somebody who uses Belfry. */
export interface TestSite {
  readonly url: string
  stop(): Promise<void>
}

/** Serves a folder on a free port under a strict content security policy. */
export async function serveSite(folder: string): Promise<TestSite> {
  const files = new StaticFiles(folder)
  const server = createServer((request, response) => answer(files, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => stop(server),
  }
}

function answer(files: StaticFiles, { url = '/' }: IncomingMessage, response: ServerResponse) {
  const found = files.find(decodeURIComponent(url.split('?', 1)[0] ?? '/'), undefined)
  const headers = { ...found?.headers, 'content-security-policy': STRICT_CSP }
  response.writeHead(found === null ? 404 : 200, headers)
  response.end(found === null ? 'There is nothing here.' : (found.body as Buffer))
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
