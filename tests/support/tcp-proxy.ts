import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A line to a server that a test can disturb. */
export interface TcpProxy {
  readonly port: number
  /**
   * Requests go through, nothing comes back, and nothing is closed: a half-open
   * line. With `existingOnly`, connections made from now on are not affected.
   */
  swallowReplies(options?: { readonly existingOnly?: boolean }): void
  /** Cuts every connection; new ones are let through. */
  cut(): void
  /** Cuts every connection and takes no new ones. */
  refuse(): void
  /** Behaves again; connections that lost replies are cut, as a real line would be. */
  heal(): void
  /** How many bytes went to the server since the start. */
  readonly bytesSent: number
  stop(): Promise<void>
}

/** A proxy on a free loopback port to `targetPort` on 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = new DisturbedLine(targetPort)
  await proxy.start()
  return proxy
}

class DisturbedLine implements TcpProxy {
  port = 0
  bytesSent = 0
  readonly #targetPort: number
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #muted = new Set<readonly [Socket, Socket]>()
  #mode: 'through' | 'swallow' | 'refuse' = 'through'

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((client) => this.#join(client))
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.port = address.port
  }

  swallowReplies({ existingOnly = false }: { readonly existingOnly?: boolean } = {}): void {
    for (const pair of this.#pairs) this.#muted.add(pair)
    if (!existingOnly) this.#mode = 'swallow'
  }

  cut(): void {
    for (const [client, target] of this.#pairs) {
      client.destroy()
      target.destroy()
    }
  }

  refuse(): void {
    this.#mode = 'refuse'
    this.cut()
  }

  heal(): void {
    for (const pair of this.#muted) for (const socket of pair) socket.destroy()
    this.#mode = 'through'
  }

  async stop(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    client.on('error', () => undefined)
    if (this.#mode === 'refuse') {
      client.destroy()
      return
    }
    const target = connect(this.#targetPort, '127.0.0.1')
    target.on('error', () => undefined)
    const pair = [client, target] as const
    this.#pairs.add(pair)
    if (this.#mode === 'swallow') this.#muted.add(pair)
    const part = () => {
      this.#pairs.delete(pair)
      this.#muted.delete(pair)
      client.destroy()
      target.destroy()
    }
    client.on('close', part)
    target.on('close', part)
    client.on('data', (chunk) => {
      this.bytesSent += chunk.length
      target.write(chunk)
    })
    target.on('data', (chunk) => {
      if (!this.#muted.has(pair)) client.write(chunk)
    })
  }
}
