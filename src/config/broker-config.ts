import type { BrokerText } from './addresses.ts'
import type { Draft } from './draft.ts'

/** A broker elsewhere. */
export interface ExternalBroker {
  /** Tried in this order; credentials, where they have any, are percent-encoded in them. */
  readonly urls: readonly string[]
  /** For URLs that name no user. */
  readonly credentials?: { readonly username: string; readonly password?: string }
  /** Paths of PEM files that could be read at the start; certificates may be renewed meanwhile. */
  readonly tls: {
    readonly caFile?: string
    readonly certFile?: string
    readonly keyFile?: string
  }
  /** First and longest wait between attempts to connect. */
  readonly retry: { readonly minMs: number; readonly maxMs: number }
}

/** The broker inside the process. */
export interface EmbeddedBroker {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** `null`: no TLS door. */
  readonly tlsPort: number | null
  /** `null`: no WebSocket door. */
  readonly wsPort: number | null
  /** PEM texts for the TLS door; with a `ca` clients need certificates too. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string } | null
}

export interface MqttConfig {
  /** `null`: the embedded broker serves. */
  readonly external: ExternalBroker | null
  readonly embedded: EmbeddedBroker
  /** Empty, or ends with `/`: goes before every topic as it is. */
  readonly prefix: string
  readonly clientId: string
  readonly group: string
}

/** The hosts of an external broker, with the variable that names them. */
export interface BrokerHosts {
  readonly name: 'MQTT_URL' | 'MQTT_BROKER'
  readonly hosts: readonly string[]
}

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const
const TLS_FILES = { ca: 'MQTT_CA_FILE', cert: 'MQTT_CERT_FILE', key: 'MQTT_KEY_FILE' } as const

/** How a PEM is recognised, and what is expected where there is none. */
export const PEM = /-----BEGIN /
export const A_PEM = 'a readable PEM file'

/** The MQTT part of the configuration. */
export function brokerConfig(draft: Draft): MqttConfig {
  const { values } = draft
  checkPair(draft)
  const ca = draft.fileOf(TLS_FILES.ca, PEM, A_PEM)
  const cert = draft.fileOf(TLS_FILES.cert, PEM, A_PEM)
  const key = draft.fileOf(TLS_FILES.key, PEM, A_PEM)
  return {
    external: externalBroker(draft),
    embedded: {
      host: values.MQTT_HOST,
      port: values.MQTT_PORT,
      tlsPort: values.MQTT_TLS_PORT ?? null,
      wsPort: values.MQTT_WS_PORT ?? null,
      tls: cert === null || key === null ? null : { cert, key, ...(ca === null ? {} : { ca }) },
    },
    prefix: values.MQTT_TOPIC_PREFIX,
    clientId: values.MQTT_CLIENT_ID,
    group: values.MQTT_GROUP_NAME,
  }
}

/** Where the external broker is; `null` when there is none. */
export function externalHosts({ values }: Draft): BrokerHosts | null {
  const name = values.MQTT_URL === undefined ? 'MQTT_BROKER' : 'MQTT_URL'
  const texts = values[name]
  return texts === undefined ? null : { name, hosts: texts.map(({ host }) => host) }
}

function externalBroker(draft: Draft): ExternalBroker | null {
  const { values } = draft
  const texts = values.MQTT_URL ?? (draft.isGiven('MQTT_URL') ? undefined : values.MQTT_BROKER)
  if (texts === undefined) {
    warnOfUnused(draft)
    return null
  }
  if (draft.isGiven('MQTT_URL') && draft.isGiven('MQTT_BROKER')) {
    draft.warn('MQTT_BROKER is not read, because MQTT_URL is set.')
  }
  const retry = { minMs: values.MQTT_RETRY_MIN_DELAY, maxMs: values.MQTT_RETRY_MAX_DELAY }
  if (retry.minMs > retry.maxMs) {
    const given = String(retry.minMs / 1000)
    draft.complain('MQTT_RETRY_MIN_DELAY', 'no more than MQTT_RETRY_MAX_DELAY', given)
  }
  const credentials = credentialsOf(draft, texts)
  return {
    urls: texts.map((text) => urlOf(draft, text)),
    ...(credentials === null ? {} : { credentials }),
    tls: tlsFiles(draft),
    retry,
  }
}

function urlOf(draft: Draft, text: BrokerText): string {
  const { MQTT_TLS_ENABLED: encrypted, MQTT_PORT: ownPort } = draft.values
  const scheme = text.scheme ?? (encrypted ? 'mqtts' : 'mqtt')
  const port = text.port ?? (text.scheme === null ? ownPort : DEFAULT_PORTS[scheme])
  if (port === 0) draft.complain('MQTT_PORT', 'the port of MQTT_BROKER', '0')
  const host = text.host.includes(':') ? `[${text.host}]` : text.host
  const password = text.password ?? draft.values.MQTT_PASSWORD ?? ''
  const secret = password === '' ? '' : `:${encodeURIComponent(password)}`
  const login = text.username === null ? '' : `${encodeURIComponent(text.username)}${secret}@`
  return `${scheme}://${login}${host}:${port}${text.path}`
}

function credentialsOf(draft: Draft, texts: readonly BrokerText[]) {
  const { MQTT_USERNAME: username, MQTT_PASSWORD: password } = draft.values
  if (username !== undefined) return { username, ...(password === undefined ? {} : { password }) }
  if (password !== undefined && texts.some((text) => text.username === null)) {
    draft.complain('MQTT_USERNAME', 'the user of MQTT_PASSWORD', null)
  }
  return null
}

function tlsFiles(draft: Draft): ExternalBroker['tls'] {
  const files: { caFile?: string; certFile?: string; keyFile?: string } = {}
  for (const part of ['ca', 'cert', 'key'] as const) {
    const path = draft.values[TLS_FILES[part]]
    if (path !== undefined) files[`${part}File`] = draft.path(path)
  }
  return files
}

function warnOfUnused(draft: Draft): void {
  for (const name of ['MQTT_USERNAME', 'MQTT_PASSWORD'] as const) {
    if (draft.isGiven(name)) draft.warn(`${name} has no effect without MQTT_URL or MQTT_BROKER.`)
  }
}

function checkPair(draft: Draft): void {
  const { cert, key } = TLS_FILES
  const isDoor = draft.isGiven('MQTT_TLS_PORT')
  if (!draft.isGiven(key) && (isDoor || draft.isGiven(cert))) {
    draft.complain(key, `the key of ${draft.isGiven(cert) ? cert : 'MQTT_TLS_PORT'}`, null)
  }
  if (!draft.isGiven(cert) && (isDoor || draft.isGiven(key))) {
    draft.complain(cert, `the certificate of ${draft.isGiven(key) ? key : 'MQTT_TLS_PORT'}`, null)
  }
}
