import { readBrokers, readRedisNodes } from '../addresses.ts'
import {
  flag,
  host,
  integer,
  listenPort,
  matching,
  oneOf,
  reading,
  remotePort,
  seconds,
  text,
} from '../values.ts'
import { optional, withDefault } from '../variable.ts'

/** Where messages come in. */
export const BROKER = {
  MQTT_URL: optional(
    reading('mqtt://, mqtts://, ws:// or wss:// URLs in a comma list', readBrokers),
    {
      about:
        'The broker to connect to; several in a comma list are tried in order. mqtts:// and wss:// are encrypted.',
      example: 'mqtt://belfry:password@127.0.0.1:1883',
      otherwise: 'a broker inside the process',
      secrecy: 'credentials',
    },
  ),
  MQTT_BROKER: optional(reading('a host, host:port, or a URL as in MQTT_URL', readBrokers), {
    about: 'The broker by its host, with MQTT_PORT; read where MQTT_URL is not set.',
    example: 'localhost',
    otherwise: 'see MQTT_URL',
    secrecy: 'credentials',
  }),
  MQTT_USERNAME: optional(text, {
    about: 'User name for a broker whose URL has none.',
    example: 'belfry',
    otherwise: 'none',
  }),
  MQTT_PASSWORD: optional(text, {
    about: 'Password for a broker whose URL has none.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  MQTT_TLS_ENABLED: withDefault('0', flag, {
    about: 'Connect to MQTT_BROKER over TLS (with MQTT_URL its scheme decides).',
  }),
  MQTT_CA_FILE: optional(text, {
    about:
      'Certificates of a private authority, PEM: checks the broker, and clients of MQTT_TLS_PORT.',
    example: '/run/secrets/ca.crt',
    otherwise: "the system's authorities",
    aliases: ['MQTT_TLS_CA_CERTS', 'MQTT_TLS_CA_FILE'],
    isPath: true,
  }),
  MQTT_CERT_FILE: optional(text, {
    about: 'Our certificate, PEM: towards the broker, and of MQTT_TLS_PORT.',
    example: '/run/secrets/belfry.crt',
    otherwise: 'none',
    aliases: ['MQTT_TLS_CERTFILE', 'MQTT_TLS_CERT_FILE'],
    isPath: true,
  }),
  MQTT_KEY_FILE: optional(text, {
    about: 'The key of MQTT_CERT_FILE, PEM.',
    example: '/run/secrets/belfry.key',
    otherwise: 'none',
    aliases: ['MQTT_TLS_KEYFILE', 'MQTT_TLS_KEY_FILE'],
    isPath: true,
  }),
  MQTT_HOST: withDefault('127.0.0.1', host, {
    about: 'Where the broker inside the process listens.',
  }),
  MQTT_PORT: withDefault('1883', listenPort, {
    about: 'Its port, 0 for any free one; with MQTT_BROKER the port to connect to.',
  }),
  MQTT_TLS_PORT: optional(listenPort, {
    about: 'A second door of the inside broker, over TLS; needs MQTT_CERT_FILE and MQTT_KEY_FILE.',
    example: '8883',
    otherwise: 'no TLS door',
  }),
  MQTT_WS_PORT: optional(listenPort, {
    about: 'A door of the inside broker for MQTT over WebSocket.',
    example: '9001',
    otherwise: 'no WebSocket door',
  }),
  MQTT_TOPIC_PREFIX: withDefault(
    '',
    reading('topic levels without +, # or a leading /', topicPrefix),
    {
      about:
        'Put before every topic, on brokers that are shared with others: acme makes acme/notifications/….',
      example: 'acme',
    },
  ),
  MQTT_CLIENT_ID: withDefault(
    'belfry',
    matching('1 to 64 letters, digits, - or _', /^[\w-]{1,64}$/),
    { about: 'What client ids begin with: <this>-<slot>-<route>-<n>, stable over restarts.' },
  ),
  MQTT_GROUP_NAME: withDefault(
    'belfry',
    matching('1 to 64 letters, digits, - or _', /^[\w-]{1,64}$/),
    { about: 'The group in $share/<group>/<filter>: processes with the same one share the work.' },
  ),
  MQTT_RETRY_MIN_DELAY: withDefault('1', seconds(0.01, 3600), {
    about: 'Seconds before the first attempt to connect again; doubles up to the next value.',
  }),
  MQTT_RETRY_MAX_DELAY: withDefault('30', seconds(0.01, 3600), {
    about: 'Seconds between attempts to connect, at most.',
  }),
}

/** Where everything is kept. */
export const STORE = {
  REDIS_URL: optional(reading('redis:// or rediss:// URLs in a comma list', readRedisNodes), {
    about:
      'Redis or Valkey (with appendonly yes and maxmemory-policy noeviction); a comma list of nodes is a cluster.',
    example: 'redis://127.0.0.1:6379/0',
    otherwise: 'a store inside the process, in DATA_DIR',
    secrecy: 'credentials',
  }),
  REDIS_MODE: optional(oneOf('single', 'sentinel', 'cluster'), {
    about: 'How Redis is run; for sentinel the nodes are the sentinels.',
    example: 'single',
    otherwise: 'cluster when several nodes are given, else single',
  }),
  REDIS_HOST: optional(host, {
    about: 'Redis by its host; read where REDIS_URL is not set.',
    example: '127.0.0.1',
    otherwise: 'see REDIS_URL',
  }),
  REDIS_PORT: withDefault('6379', remotePort, { about: 'The port of REDIS_HOST.' }),
  REDIS_DB: withDefault('0', integer(0, 9999), {
    about: 'The database of REDIS_HOST, or of a REDIS_URL that names none; 0 on a cluster.',
  }),
  REDIS_USERNAME: optional(text, {
    about: 'User name where REDIS_URL has none.',
    example: 'belfry',
    otherwise: 'the default user',
  }),
  REDIS_PASSWORD: optional(text, {
    about: 'Password where REDIS_URL has none.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  REDIS_CA_FILE: optional(text, {
    about: 'Certificates of a private authority, PEM; turns TLS on.',
    example: '/run/secrets/redis-ca.crt',
    otherwise: "the system's authorities, with rediss://",
    isPath: true,
  }),
  REDIS_SENTINEL_NAME: withDefault('mymaster', matching('a name without spaces', /^\S{1,128}$/), {
    about: 'What the sentinels call the master.',
  }),
  REDIS_SENTINEL_PASSWORD: optional(text, {
    about: 'Password of the sentinels themselves.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  REDIS_PREFIX: withDefault(
    '',
    matching('at most 64 characters without spaces and braces', /^[^\s{}]{0,64}$/),
    {
      about: 'Put before every key, on a Redis that is shared with others.',
      example: 'belfry:',
    },
  ),
  REDIS_PARTITIONS: optional(integer(1, 1024), {
    about:
      'Into how many parts the keys are divided. Fixed for the life of the data: changing it needs store export and import.',
    example: '16',
    otherwise: '1, on a cluster 16',
  }),
  DATA_DIR: withDefault('./data', text, {
    about: "The inside store's file, with generated secrets, and the inside broker's sessions.",
    isPath: true,
  }),
}

function topicPrefix(value: string): string | undefined {
  const levels = value.replace(/\/+$/, '')
  if (levels === '') return ''
  if (/[+#\0$]/.test(levels) || levels.startsWith('/') || levels.length > 200) return undefined
  return `${levels}/`
}
