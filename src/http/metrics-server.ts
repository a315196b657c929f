import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../support/errors.ts'
import { listenError } from '../support/listen-error.ts'
import type { Metrics } from '../support/metrics.ts'

interface Parts {
  readonly metrics: Metrics
  readonly host: string
  readonly port: number
}

/** `METRICS_PORT`: metrics without a token, on a port that only the scraper reaches. */
export class MetricsServer {
  readonly #parts: Parts
  readonly #server: Server

  constructor(parts: Parts) {
    this.#parts = parts
    this.#server = createServer((request, response) => {
      const isAsked = request.method === 'GET' && request.url?.split('?', 1)[0] === '/metrics'
      if (isAsked) void this.#tell(response)
      else response.writeHead(404).end()
    })
  }

  /** `null` before it listens. */
  get port(): number | null {
    const address = this.#server.address() as AddressInfo | null
    return address?.port ?? null
  }

  async start(): Promise<void> {
    const { host, port } = this.#parts
    try {
      this.#server.listen(port, host)
      await once(this.#server, 'listening')
    } catch (error) {
      throw listenError(error, { host, port, variable: 'METRICS_PORT' })
    }
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #tell(response: ServerResponse): Promise<void> {
    const { metrics } = this.#parts
    try {
      const text = await metrics.render()
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    } catch (error) {
      response.writeHead(500).end(messageOf(error))
    }
  }
}
