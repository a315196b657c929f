import { isHost, parseUrl } from './values.ts'

/** What a broker variable says; a bare host leaves scheme and port to other variables. */
export interface BrokerText {
  readonly scheme: BrokerScheme | null
  readonly host: string
  readonly port: number | null
  readonly username: string | null
  readonly password: string | null
  /** Path and query of a WebSocket URL. */
  readonly path: string
}

export type BrokerScheme = 'mqtt' | 'mqtts' | 'ws' | 'wss'

const SCHEMES: Readonly<Record<string, BrokerScheme>> = {
  mqtt: 'mqtt',
  tcp: 'mqtt',
  mqtts: 'mqtts',
  ssl: 'mqtts',
  tls: 'mqtts',
  ws: 'ws',
  wss: 'wss',
}

/** Reads a comma list of broker URLs or hosts. */
export function readBrokers(list: string): readonly BrokerText[] | undefined {
  return everyPart(list, readBroker)
}

function readBroker(text: string): BrokerText | undefined {
  const hasScheme = text.includes('://')
  const parsed = parseUrl(hasScheme ? text : `mqtt://${text}`, Object.keys(SCHEMES))
  const address = parsed && readAddress(parsed)
  if (!parsed || !address || parsed.hash !== '') return undefined
  const scheme = hasScheme ? SCHEMES[parsed.protocol.slice(0, -1)]! : null
  const isWebSocket = scheme === 'ws' || scheme === 'wss'
  if (!isWebSocket && !['', '/'].includes(parsed.pathname + parsed.search)) return undefined
  const path = isWebSocket ? parsed.pathname + parsed.search : ''
  return { ...address, scheme, path }
}

/** One Redis node, sentinel or cluster member, as a URL names it. */
export interface RedisText {
  readonly host: string
  readonly port: number | null
  readonly username: string | null
  readonly password: string | null
  readonly encrypted: boolean
  readonly db: number | null
}

/** Reads a comma list of Redis URLs; those after the first may leave out the scheme. */
export function readRedisNodes(list: string): readonly RedisText[] | undefined {
  const first = /^\s*(rediss?):\/\//i.exec(list)?.[1]
  if (first === undefined) return undefined
  return everyPart(list, (text) =>
    readRedis(text.includes('://') ? text : `${first.toLowerCase()}://${text}`),
  )
}

function readRedis(text: string): RedisText | undefined {
  const parsed = parseUrl(text, ['redis', 'rediss'])
  const address = parsed && readAddress(parsed)
  if (!parsed || !address || parsed.search !== '' || parsed.hash !== '') return undefined
  const db = /^\/?(\d{0,4})$/.exec(parsed.pathname)?.[1]
  if (db === undefined) return undefined
  return {
    ...address,
    encrypted: parsed.protocol === 'rediss:',
    db: db === '' ? null : Number(db),
  }
}

function readAddress(url: URL) {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!isHost(host) || url.port === '0') return undefined
  const username = decode(url.username)
  const password = decode(url.password)
  if (username === undefined || password === undefined) return undefined
  return { host, port: url.port === '' ? null : Number(url.port), username, password }
}

/** A percent-encoded part of a URL: `null` when empty, `undefined` when broken. */
function decode(part: string): string | null | undefined {
  try {
    return part === '' ? null : decodeURIComponent(part)
  } catch {
    return undefined // Not percent-encoded: the variable is reported as no URL.
  }
}

function everyPart<Part>(list: string, read: (text: string) => Part | undefined) {
  const parts: Part[] = []
  for (const text of list.split(',')) {
    const part = read(text.trim())
    if (part === undefined) return undefined
    parts.push(part)
  }
  return parts
}
