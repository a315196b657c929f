import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RunningHttp } from './start-http.ts'

export interface AttachOptions {
  /** Under which path Belfry answers, `/belfry`. Default: beside your own paths. */
  readonly prefix?: string
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/**
 * Hands on to Belfry what it has a route for; whoever listened on the server
 * before gets the rest. Answers with the way to take that back.
 */
export function attachTo(
  server: Server,
  http: Pick<RunningHttp, 'nodeServer' | 'paths'>,
  { prefix = '' }: AttachOptions,
): () => void {
  const earlier = server.listeners('request') as RequestListener[]
  const earlierUpgrades = server.listeners('upgrade') as UpgradeListener[]

  const request: RequestListener = (incoming, response) => {
    if (claims(incoming)) http.nodeServer.emit('request', incoming, response)
    else for (const listener of earlier) listener.call(server, incoming, response)
  }
  const upgrade: UpgradeListener = (incoming, socket, head) => {
    if (claims(incoming)) http.nodeServer.emit('upgrade', incoming, socket, head)
    else if (earlierUpgrades.length === 0) socket.destroy()
    else for (const listener of earlierUpgrades) listener.call(server, incoming, socket, head)
  }

  /** Without the prefix from here on, where it is ours. */
  function claims(incoming: IncomingMessage): boolean {
    const url = incoming.url ?? '/'
    if (prefix !== '') {
      if (url !== prefix && !url.startsWith(`${prefix}/`)) return false
      incoming.url = url.slice(prefix.length) || '/'
      return true
    }
    return http.paths.includes(url.split('?', 1)[0] ?? '/')
  }

  server.removeAllListeners('request')
  server.removeAllListeners('upgrade')
  server.on('request', request)
  server.on('upgrade', upgrade)
  return () => {
    server.off('request', request)
    server.off('upgrade', upgrade)
    for (const listener of earlier) server.on('request', listener)
    for (const listener of earlierUpgrades) server.on('upgrade', listener)
  }
}
