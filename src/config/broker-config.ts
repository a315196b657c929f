import type { BrokerAddress, BrokerText } from './addresses.ts'
import type { Draft } from './draft.ts'

/** PEM texts for TLS. */
export interface TlsConfig {
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  /** Whether the other side's certificate must be valid. */
  readonly rejectUnauthorized: boolean
}

/** A broker elsewhere. */
export interface ExternalBroker {
  /** Tried in this order. */
  readonly servers: readonly BrokerAddress[]
  /** First and longest wait between attempts to connect. */
  readonly retry: { readonly minMs: number; readonly maxMs: number }
}

/** The broker inside the process. */
export interface EmbeddedBroker {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly tlsPort: number | null
  readonly wsPort: number | null
}

export interface MqttConfig {
  /** `null`: the embedded broker serves. */
  readonly external: ExternalBroker | null
  readonly embedded: EmbeddedBroker
  /** Empty, or ends with `/`: goes before every topic as it is. */
  readonly prefix: string
  readonly clientId: string
  readonly group: string
  readonly tls: TlsConfig
}

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const
export const PEM = /-----BEGIN /
export const A_PEM = 'a readable PEM file'

/** The MQTT part of the configuration. */
export function brokerConfig(draft: Draft): MqttConfig {
  const { values } = draft
  const tls = tlsConfig(draft)
  return {
    external: externalBroker(draft),
    embedded: {
      host: values.MQTT_HOST,
      port: values.MQTT_PORT,
      tlsPort: values.MQTT_TLS_PORT ?? null,
      wsPort: values.MQTT_WS_PORT ?? null,
    },
    prefix: values.MQTT_TOPIC_PREFIX,
    clientId: values.MQTT_CLIENT_ID,
    group: values.MQTT_GROUP_NAME,
    tls,
  }
}

function externalBroker(draft: Draft): ExternalBroker | null {
  const { values } = draft
  const name = draft.isGiven('MQTT_URL') ? 'MQTT_URL' : 'MQTT_BROKER'
  const texts = values[name]
  if (texts === undefined) {
    warnOfUnused(draft)
    return null
  }
  if (draft.isGiven('MQTT_URL') && draft.isGiven('MQTT_BROKER')) {
    draft.warn('MQTT_BROKER is not read, because MQTT_URL is set.')
  }
  if (values.MQTT_RETRY_MIN_DELAY > values.MQTT_RETRY_MAX_DELAY) {
    const given = `${values.MQTT_RETRY_MIN_DELAY / 1000}`
    draft.complain('MQTT_RETRY_MIN_DELAY', 'no more than MQTT_RETRY_MAX_DELAY', given)
  }
  return {
    servers: texts.map((text) => toAddress(draft, text)),
    retry: { minMs: values.MQTT_RETRY_MIN_DELAY, maxMs: values.MQTT_RETRY_MAX_DELAY },
  }
}

function toAddress(draft: Draft, text: BrokerText): BrokerAddress {
  const { values } = draft
  const isBareHost = text.scheme === null
  const scheme = text.scheme ?? (values.MQTT_TLS_ENABLED ? 'mqtts' : 'mqtt')
  const encrypted = scheme === 'mqtts' || scheme === 'wss'
  const port = text.port ?? (isBareHost ? values.MQTT_PORT : DEFAULT_PORTS[scheme])
  if (port === 0) draft.complain('MQTT_PORT', 'the port of MQTT_BROKER', '0')
  const host = text.host.includes(':') ? `[${text.host}]` : text.host
  return {
    url: `${scheme}://${host}:${port}${text.path}`,
    host: text.host,
    port,
    encrypted,
    // Credentials come as a pair: a URL with a user name does not take the other's password.
    username: text.username ?? values.MQTT_USERNAME ?? null,
    password: text.username === null ? (values.MQTT_PASSWORD ?? null) : text.password,
  }
}

function warnOfUnused(draft: Draft): void {
  for (const name of ['MQTT_USERNAME', 'MQTT_PASSWORD'] as const) {
    if (draft.isGiven(name)) draft.warn(`${name} has no effect without MQTT_URL or MQTT_BROKER.`)
  }
}

function tlsConfig(draft: Draft): TlsConfig {
  const { values } = draft
  const [cert, key] = ['MQTT_CERT_FILE', 'MQTT_KEY_FILE'] as const
  if (draft.isGiven(cert) && !draft.isGiven(key)) draft.complain(key, `the key of ${cert}`, null)
  if (draft.isGiven(key) && !draft.isGiven(cert)) {
    draft.complain(cert, `the certificate of ${key}`, null)
  }
  if (draft.isGiven('MQTT_TLS_PORT') && !draft.isGiven(cert) && !draft.isGiven(key)) {
    draft.complain(cert, 'a certificate for MQTT_TLS_PORT', null)
    draft.complain(key, 'a key for MQTT_TLS_PORT', null)
  }
  return {
    ca: draft.fileOf('MQTT_CA_FILE', PEM, A_PEM),
    cert: draft.fileOf(cert, PEM, A_PEM),
    key: draft.fileOf(key, PEM, A_PEM),
    rejectUnauthorized: !values.MQTT_TLS_INSECURE,
  }
}
