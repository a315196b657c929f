import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A request as it came over the wire. */
export interface Post {
  readonly method: string
  /** With the query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body where it is no text; not shown by `/_posts`. */
  readonly bytes: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: every vendor's message has a shape of its own.
  readonly json: any
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | object
}

/**
 * `normal`, another answer, no answer (`hang`), a connection that is cut once the
 * request is in (`reset`) or within the answer (`half`), or one that takes its time.
 */
export type Behaviour = 'normal' | 'hang' | 'reset' | 'half' | Answer | { readonly slowMs: number }

/** A running fake of a vendor. */
export interface Vendor {
  readonly url: string
  stop(): Promise<void>
}

export interface HttpVendor extends Vendor {
  readonly port: number
  /** What it took, oldest first. */
  readonly posts: readonly Post[]
  /** How many requests came, the refused ones included. */
  readonly attempts: number
  /** How it behaves from now on; a function decides for each request. */
  behave(behaviour: Behaviour | ((post: Post) => Behaviour)): void
  clear(): void
}

interface VendorOptions {
  /** 0: any free one. */
  readonly port?: number
  /** How the vendor answers a request on a good day. */
  readonly answer: (post: Post) => Answer
}

/**
 * A server on loopback that speaks one vendor's protocol and misbehaves on
 * demand: by `behave()`, or by hand with `POST /_behave`; `GET /_posts` shows
 * what it took.
 */
export async function startHttpVendor({ port = 0, answer }: VendorOptions): Promise<HttpVendor> {
  const posts: Post[] = []
  let attempts = 0
  let behaviour: (post: Post) => Behaviour = () => 'normal'

  const behave = (next: Behaviour | ((post: Post) => Behaviour)) => {
    behaviour = typeof next === 'function' ? next : () => next
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const post = await read(request)
    if (post.path === '/_posts') return reply(response, { status: 200, body: posts })
    if (post.path === '/_behave') {
      behave(post.json as Behaviour)
      return reply(response, { status: 204 })
    }
    attempts += 1
    const act = behaviour(post)
    if (act === 'hang') return
    if (act === 'reset') return request.socket.resetAndDestroy()
    if (typeof act === 'object' && 'slowMs' in act) await pause(act.slowMs)
    const given = typeof act === 'object' && 'status' in act ? act : answer(post)
    if (given.status < 300) posts.push(post)
    if (act === 'half') return replyInPart(response, given)
    reply(response, given)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: listening } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${listening}`,
    port: listening,
    posts,
    get attempts() {
      return attempts
    },
    behave,
    clear() {
      posts.length = 0
      attempts = 0
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function read(request: IncomingMessage): Promise<Post> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const body = bytes.toString()
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  )
  const [method, path] = [request.method ?? '', request.url ?? '']
  const post = { method, path, headers, body, json: parse(body) }
  return Object.defineProperty(post, 'bytes', { value: bytes }) as Post
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function reply(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const isJson = typeof body === 'object'
  response.writeHead(status, {
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...headers,
  })
  response.end(isJson ? JSON.stringify(body) : body)
}

/** The head is whole, the body promises more than comes. */
function replyInPart(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  response.writeHead(status, { ...headers, 'content-length': String(text.length + 100) })
  response.write(text.slice(0, text.length / 2), () => response.socket?.destroy())
}
