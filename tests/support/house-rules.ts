import { importsOf, type SourceTree, withoutComments } from './source-tree.ts'

const ENGINE = ['src/support', 'src/pipeline', 'src/context', 'src/scopes', 'src/store'] as const
const DOORS = ['src/mqtt', 'src/http', 'src/gateway'] as const
const DOMAIN = ['src/queue', 'src/events', 'src/notifications', 'src/broadcasting'] as const
const APPLICATION = [
  'services',
  'services/channels',
  'controllers',
  'middleware',
  'routers',
] as const

/** Who may import whom. A room may always import itself; only bootstrap knows the application. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/support': [],
  'src/config': ['src/support'],
  'src/pipeline': ['src/support'],
  'src/context': ['src/support'],
  'src/scopes': ['src/context', 'src/support'],
  'src/store': ['src/support'],
  'src/queue': ['src/store', 'src/support'],
  'src/events': ['src/context', 'src/queue', 'src/store', 'src/support'],
  'src/notifications': ['src/events', 'src/queue', 'src/store', 'src/support'],
  'src/broadcasting': ['src/events', 'src/store', 'src/support'],
  'src/mqtt': ENGINE,
  'src/http': ENGINE,
  'src/gateway': [...ENGINE, 'src/broadcasting'],
  'src/index': [...ENGINE, ...DOORS, ...DOMAIN],
  'src/testing': [...ENGINE, ...DOORS, ...DOMAIN],
  notifications: ['src/index'],
  services: ['src/index', 'notifications', 'services/channels'],
  'services/channels': ['src/index', 'notifications', 'services'],
  middleware: ['src/index', 'services'],
  controllers: ['src/index', 'services', 'notifications'],
  routers: ['src/index', 'controllers', 'middleware', 'notifications', 'services'],
  'src/bootstrap': [
    ...[...ENGINE, ...DOORS, ...DOMAIN, ...APPLICATION],
    ...['src/config', 'src/index', 'notifications'],
  ],
  dashboard: [],
  'src/main': ['src/bootstrap', 'src/config', 'src/support'],
  'client/src/core': [],
  'client/src/element': ['client/src/core'],
  'client/src/react': ['client/src/core', 'client/src/element'],
  'client/src/vue': ['client/src/core', 'client/src/element'],
  'src/cli': ['src/bootstrap', 'src/config', 'src/main', 'src/support'],
}

/** Where each outside library may be known; `*` is everywhere. */
export const HOMES: Readonly<Record<string, readonly string[]>> = {
  zod: ['*'],
  mqtt: ['src/mqtt'],
  'mqtt-packet': ['src/mqtt'],
  aedes: ['src/mqtt'],
  'aedes-packet': ['src/mqtt'],
  'aedes-persistence': ['src/mqtt'],
  mqemitter: ['src/mqtt'],
  ioredis: ['src/store/redis'],
  'node:sqlite': ['src/store/sqlite', 'src/mqtt/embedded'],
  ws: ['src/gateway', 'src/mqtt/embedded'],
  'socket.io': ['src/gateway'],
  fastify: ['src/http'],
  '@fastify/cors': ['src/http'],
  '@fastify/helmet': ['src/http'],
  '@fastify/static': ['src/http'],
  '@fastify/swagger': ['src/http'],
  '@fastify/swagger-ui': ['src/http'],
  pino: ['src/support'],
  'prom-client': ['src/support'],
  'temporal-polyfill': ['src/support', 'services'],
  tweetnacl: ['src/broadcasting'],
  commander: ['src/cli'],
  jose: ['src/http', 'services'],
  croner: ['services'],
  'libphonenumber-js': ['services'],
  liquidjs: ['services'],
  yaml: ['services'],
  nodemailer: ['services/channels'],
  twilio: ['services/channels'],
  'firebase-admin': ['services/channels'],
  undici: ['services/channels'],
  'web-push': ['services/channels'],
  preact: ['dashboard'],
  '@preact/signals': ['dashboard'],
  uplot: ['dashboard'],
  react: ['client/src/react'],
  vue: ['client/src/vue'],
}

/** The room that a file belongs to: `src/<room>`, `client/src/<room>`, `services/channels`, or its folder. */
export function roomOf(file: string): string {
  const [top = '', second = '', third = ''] = file.split('/')
  if (top === 'client') return `client/${second}/${third}`
  if (top === 'src') return `src/${second.replace(/\.ts$/, '')}`
  return file.startsWith('services/channels/') ? 'services/channels' : top
}

/** Sentences about everything in a file that the house does not allow. */
export function complaintsAbout(file: string, text: string): readonly string[] {
  const room = roomOf(file)
  const allowed = MAY_IMPORT[room]
  if (allowed === undefined) return [`${file} is in a room that the house does not have`]
  const { files, packages } = importsOf(file, text)
  const strangers = files.filter(
    (other) => roomOf(other) !== room && !allowed.includes(roomOf(other)),
  )
  return [
    ...strangers.map((other) => `${file} may not import ${other}`),
    ...packages
      .filter((name) => !isAtHome(name, file))
      .map((name) => `${file} may not know ${name}`),
    ...environmentReads(file, text),
    ...(/\bconsole\b/.test(withoutComments(text)) ? [`${file} uses console`] : []),
  ]
}

function isAtHome(name: string, file: string): boolean {
  const homes = HOMES[name]
  if (homes === undefined) return name.startsWith('node:')
  return homes.some((home) => home === '*' || file.startsWith(`${home}/`))
}

/** The command line hands its environment on as an argument; only the configuration reads it. */
function environmentReads(file: string, text: string): readonly string[] {
  if (roomOf(file) === 'src/config' || file === 'src/cli/main.ts') return []
  const reads = /process\.env\b|\benv\b[^\n;]*\}\s*=\s*process\b|['"]env['"]\]/
  return reads.test(withoutComments(text)) ? [`${file} reads the environment`] : []
}

/** Files with more lines than one idea takes. */
export function tooLong(tree: SourceTree, limit: number, exceptions: readonly string[]): string[] {
  return [...tree]
    .map(([file, text]) => ({ file, lines: text.split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > limit && !exceptions.includes(file))
    .map(({ file, lines }) => `${file} has ${lines} lines`)
}
