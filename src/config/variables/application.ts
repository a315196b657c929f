import {
  baseUrl,
  flag,
  host,
  listenPort,
  listOf,
  matching,
  oneOf,
  parseUrl,
  reading,
  readOrigin,
  remotePort,
  text,
  trustProxy,
  url,
} from '../values.ts'
import { optional, withDefault } from '../variable.ts'

const ROLES = ['router', 'worker', 'gateway', 'api'] as const

/** A part that a process may run. */
export type Role = (typeof ROLES)[number]

/** The door for browsers and scripts. */
export const HTTP = {
  HTTP_HOST: withDefault('127.0.0.1', host, {
    about: 'Where API, dashboard and realtime listen; 0.0.0.0 for every address.',
  }),
  HTTP_PORT: withDefault('8080', listenPort, {
    about: 'Their port; 0 for any free one.',
    aliases: ['PORT'],
  }),
  TRUST_PROXY: withDefault('false', trustProxy, {
    about:
      'Proxies whose forwarded addresses count: true, false, how many, or a comma list of addresses and networks.',
    example: '10.0.0.0/8',
  }),
  BELFRY_PUBLIC_URL: optional(baseUrl, {
    about: 'The base of links in mails and alerts.',
    example: 'https://notify.example.com',
    otherwise: 'made from host and port',
  }),
  BELFRY_ORIGINS: optional(listOf('origins, such as https://app.example.com, or *', readOrigin), {
    about: 'Browser origins for CORS, WebSocket, SSE and Socket.IO.',
    example: 'https://app.example.com,https://*.example.org',
    otherwise: 'loopback while authentication is off, else the same origin',
  }),
  ACTION_TOPICS: optional(listOf('topic filters, such as doors/+/open', readFilter), {
    about: 'Topics on which the actions of notifications may publish.',
    example: 'doors/+/open,lights/#',
    otherwise: 'none',
  }),
  METRICS_PORT: optional(listenPort, {
    about: 'A port of its own for /metrics, without a token; keep it inside your network.',
    example: '9464',
    otherwise: '/metrics on HTTP_PORT: open on loopback, else with a token',
    aliases: ['METRICS_HTTP_PORT'],
  }),
}

/** What this process runs. */
export const PROCESS = {
  BELFRY_ROLES: withDefault(ROLES.join(','), listOf(`roles: ${ROLES.join(', ')}`, readRole), {
    about: 'Which parts this process runs; scale out with more processes, with fewer roles each.',
  }),
  BELFRY_APP: optional(text, {
    about:
      'A folder with routers/, controllers/, middleware/, services/, notifications/ of your own, loaded beside the built-in ones.',
    example: './app',
    otherwise: 'only the built-in ones',
    isPath: true,
  }),
}

/** Who may do what. */
export const ACCESS = {
  BELFRY_AUTH: optional(oneOf('token', 'off'), {
    about: 'Whether callers must prove who they are. Off is refused where others can reach us.',
    example: 'token',
    otherwise:
      'token; off when HTTP and broker are both on loopback and neither BELFRY_ADMIN_KEY nor a JWT variable is set',
  }),
  BELFRY_INSECURE: withDefault('0', flag, {
    about: 'Allow BELFRY_AUTH=off on addresses that others can reach.',
  }),
  BELFRY_ADMIN_KEY: optional(matching('characters without spaces', /^\S{1,512}$/), {
    about: 'The first API key; it may do everything. Make it long: 32 random characters.',
    otherwise: 'generated and printed once when authentication is on and no key exists',
    secrecy: 'all',
  }),
  BELFRY_JWT_SECRET: optional(
    reading('at least 32 bytes', (value) => (Buffer.byteLength(value) >= 32 ? value : undefined)),
    {
      about: 'Verifies tokens signed with a shared secret (HS256 and its kind).',
      otherwise: 'none',
      secrecy: 'all',
    },
  ),
  BELFRY_JWKS_URL: optional(url('https', 'http'), {
    about: 'Verifies tokens by the public keys of your identity provider.',
    example: 'https://id.example.com/.well-known/jwks.json',
    otherwise: 'none',
    secrecy: 'credentials',
  }),
  BELFRY_JWT_ISSUER: optional(text, {
    about: 'The `iss` that a token must carry.',
    example: 'https://id.example.com/',
    otherwise: 'any',
  }),
  BELFRY_JWT_AUDIENCE: optional(text, {
    about: 'The `aud` that a token must carry.',
    example: 'belfry',
    otherwise: 'any',
  }),
}

const DRIVERS = ['gateway', 'redis', 'pusher', 'mqtt', 'log', 'null'] as const

/** Where broadcasts go. */
export type BroadcastDriver = (typeof DRIVERS)[number]

/** Browsers that listen, by us or by a service elsewhere. */
export const BROADCASTING = {
  BROADCAST_CONNECTION: withDefault(
    'gateway',
    reading(`one of ${DRIVERS.join(', ')}`, readDriver),
    { about: 'Where broadcasts go: our own gateway (also websocket, sse, reverb) or elsewhere.' },
  ),
  BELFRY_APP_ID: withDefault('belfry', matching('letters, digits, - or _', /^[\w-]{1,128}$/), {
    about: 'The Pusher-protocol application that the gateway serves.',
    aliases: ['REVERB_APP_ID'],
  }),
  BELFRY_APP_KEY: withDefault('belfry', matching('letters, digits, - or _', /^[\w-]{1,128}$/), {
    about: 'Its key: what pusher-js and laravel-echo are given.',
    aliases: ['REVERB_APP_KEY'],
  }),
  BELFRY_APP_SECRET: optional(matching('characters without spaces', /^\S{1,512}$/), {
    about: 'Its secret: what signs channel authorisations and posts of your back end.',
    otherwise: 'generated once and kept',
    aliases: ['REVERB_APP_SECRET'],
    secrecy: 'all',
  }),
  BELFRY_APP_ENCRYPTION_KEY: optional(reading('32 bytes in base64', readKey), {
    about: 'The master key of encrypted channels, as the Pusher server libraries have it.',
    otherwise: 'made from the secret',
    secrecy: 'all',
  }),
  BELFRY_APP_WEBHOOKS: optional(listOf('http(s) URLs', readWebhook), {
    about:
      'Receivers of what happens on channels (occupied, vacated, members, client events), signed as Pusher signs its webhooks.',
    example: 'https://app.example.com/pusher/webhooks',
    otherwise: 'none',
    secrecy: 'all',
  }),
  BROADCAST_GUARD_ADMIN: withDefault('0', flag, {
    about:
      'Lets only administrators onto admin-dashboard, system-maintenance, compliance- and payment-notifications.',
  }),
  BROADCAST_PREFIX: withDefault('', matching('no spaces, + or #', /^[^\s+#]{0,100}$/), {
    about:
      'Put before channel names by the drivers redis (as Laravel’s Redis prefix) and mqtt (whose topics are broadcasts/<channel> without it).',
  }),
  PUSHER_APP_ID: optional(matching('letters, digits, - or _', /^[\w-]{1,128}$/), {
    about: 'The application at the remote service, for BROADCAST_CONNECTION=pusher.',
    otherwise: 'none',
  }),
  PUSHER_APP_KEY: optional(matching('letters, digits, - or _', /^[\w-]{1,128}$/), {
    about: 'Its key.',
    otherwise: 'none',
  }),
  PUSHER_APP_SECRET: optional(text, {
    about: 'Its secret.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  PUSHER_APP_CLUSTER: withDefault('mt1', matching('letters, digits or -', /^[\w-]{1,32}$/), {
    about: 'The cluster of Pusher; not read where PUSHER_HOST is set.',
  }),
  PUSHER_HOST: optional(host, {
    about: 'A server that speaks the Pusher protocol, in place of Pusher itself.',
    example: 'soketi.example.com',
    otherwise: 'api-<cluster>.pusher.com',
  }),
  PUSHER_PORT: withDefault('443', remotePort, { about: 'Its port.' }),
  PUSHER_SCHEME: withDefault('https', oneOf('https', 'http'), { about: 'Its scheme.' }),
}

/** A topic filter with its wildcards where they belong. */
function readFilter(item: string): string | undefined {
  return /^(?![$])(?:[^+#/]*|\+)(?:\/(?:[^+#/]*|\+))*(?:(?<=\/)#)?$|^#$/.test(item)
    ? item
    : undefined
}

function readRole(item: string): Role | undefined {
  return ROLES.find((role) => role === item.toLowerCase())
}

function readDriver(value: string): BroadcastDriver | undefined {
  const word = value.toLowerCase()
  if (['websocket', 'sse', 'reverb'].includes(word)) return 'gateway'
  return DRIVERS.find((driver) => driver === word)
}

function readWebhook(item: string): string | undefined {
  return parseUrl(item, ['https', 'http'])?.href
}

function readKey(value: string): string | undefined {
  return Buffer.from(value, 'base64').length === 32 ? value : undefined
}
