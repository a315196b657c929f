import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** A reverse proxy that serves a service below a path, as many are behind. */
export interface PathProxy {
  readonly url: string
  stop(): Promise<void>
}

/** Passes on what begins with `prefix`, without it: requests and WebSockets. */
export async function startPathProxy(target: string, prefix: string): Promise<PathProxy> {
  const { hostname, port } = new URL(target)
  const inside = ({ url = '/' }: IncomingMessage) => url.slice(prefix.length) || '/'
  const server = createServer((asked, answer) => {
    if (!asked.url?.startsWith(prefix)) return answer.writeHead(404).end()
    const { method, headers } = asked
    const passed = request({ hostname, port, path: inside(asked), method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    return asked.pipe(passed)
  })
  server.on('upgrade', (asked: IncomingMessage, socket, head) => {
    const upstream = connect(Number(port), hostname, () => {
      const lines = asked.rawHeaders.flatMap((name, at, all) =>
        at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : [],
      )
      upstream.write([`GET ${inside(asked)} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
