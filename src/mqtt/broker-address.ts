import { readFileSync } from 'node:fs'
import type { IClientOptions } from 'mqtt'

/** Files with a private CA and a client certificate (PEM); read at every attempt to connect. */
export interface TlsFiles {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

/** Where the external broker is, and how it knows us. */
export interface BrokerAddress {
  /** `mqtt://user:pass@host:1883`, `mqtts://…`, `ws://…`, `wss://…`; tried in order. */
  readonly urls: readonly string[]
  readonly tls?: TlsFiles
  /** For URLs that name no user. */
  readonly credentials?: { readonly username: string; readonly password?: string }
}

/** Where one attempt goes, as mqtt.js wants to be told. Throws when a TLS file cannot be read. */
export function targetOptions(url: string, address: BrokerAddress): IClientOptions {
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url)
  const isWebSocket = protocol.startsWith('ws')
  const host = isWebSocket ? hostname : hostname.replace(/^\[|\]$/g, '')
  return {
    protocol: protocol.slice(0, -1) as NonNullable<IClientOptions['protocol']>,
    host,
    hostname: host,
    ...(port === '' ? {} : { port: Number(port) }),
    ...(isWebSocket ? { path: `${pathname}${search}` } : {}),
    ...(username === ''
      ? address.credentials
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    ...readTlsFiles(address.tls ?? {}),
  }
}

/** The URL as people may see it. */
export function withoutCredentials(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

function readTlsFiles({ caFile, certFile, keyFile }: TlsFiles): IClientOptions {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, 'utf8') }),
  }
}
