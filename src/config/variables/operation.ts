import {
  baseUrl,
  integer,
  listOf,
  locale,
  oneOf,
  rate,
  seconds,
  text,
  timeZone,
  url,
} from '../values.ts'
import { optional, withDefault } from '../variable.ts'

const YEAR_SECONDS = 31_536_000

/** How much, and for how long. */
export const LIMITS = {
  RATE_LIMIT: withDefault('1000/60', rate, {
    about:
      'Messages per seconds and publisher, or off. Critical alerts have a bucket of their own.',
  }),
  NOTIFICATION_TTL: withDefault('86400', seconds(0, 100 * YEAR_SECONDS), {
    about: 'Seconds that a notification lives once it is read or archived; 0 keeps it.',
  }),
  UNREAD_TTL: withDefault('2592000', seconds(0, 100 * YEAR_SECONDS), {
    about: 'Seconds that it lives while unread; 0 keeps it.',
  }),
  INBOX_LIMIT: withDefault('100', integer(1, 100_000), {
    about: 'How many notifications a user keeps, the newest.',
  }),
}

/** What happens to events. */
export const EVENTS = {
  EVENT_PROCESSING: withDefault('queued', oneOf('queued', 'sync'), {
    about: 'Whether listeners of events run in workers, or before whoever told of it is answered.',
  }),
  EVENT_LISTENERS: withDefault('sequential', oneOf('sequential', 'parallel'), {
    about:
      'Whether listeners are asked one after the other, or all at once; then none can stop the event.',
  }),
  EVENT_UNKNOWN_TYPES: withDefault('accept', oneOf('accept', 'refuse'), {
    about: 'What becomes of events whose type the application did not define.',
  }),
}

const QUEUE_ROUTE = /^([^\s=,]{1,100})=([a-z][a-z0-9_-]{0,40})$/

/** How jobs are held. */
export const QUEUES = {
  QUEUE_VISIBILITY_TIMEOUT: withDefault('30', seconds(1, 86_400), {
    about: 'Seconds that a worker holds a job without a sign of life before another may take it.',
  }),
  QUEUE_HEARTBEAT_INTERVAL: withDefault('10', seconds(0.1, 86_400), {
    about: 'Seconds between signs of life; less than the value above.',
  }),
  QUEUE_REAPER_INTERVAL: withDefault('10', seconds(0.1, 86_400), {
    about: 'Seconds between looks for jobs whose worker is gone.',
  }),
  QUEUE_ROUTES: optional(listOf('<type>=<queue>, such as marketing.*=bulk', readRoute), {
    about:
      'Types of notifications whose deliveries wait in a queue of their own, so that many of them delay nothing else; * stands for anything, the first that fits counts.',
    example: 'marketing-campaign=bulk,report.*=slow',
    otherwise: 'the queue of each channel',
  }),
}

function readRoute(item: string) {
  const [, type, queue] = QUEUE_ROUTE.exec(item) ?? []
  return type === undefined || queue === undefined ? undefined : { type, queue }
}

/** What is said, and in which language. */
export const CONTENT = {
  RULES_FILE: optional(text, {
    about: 'Declarative rules; read again on SIGHUP and POST /-/reload.',
    example: 'rules.yml',
    otherwise: 'rules.yml when present',
    isPath: true,
  }),
  TEMPLATES_DIR: optional(text, {
    about: 'Templates; read again with the rules.',
    example: 'templates',
    otherwise: 'templates/ when present',
    isPath: true,
  }),
  DEFAULT_LOCALE: withDefault('en', locale, { about: 'The language of users who chose none.' }),
  DEFAULT_TIMEZONE: withDefault('UTC', timeZone, {
    about: 'The time zone of users who chose none.',
  }),
}

/** How it is run and watched. */
export const OPERATION = {
  DEADMAN_URL: optional(url('https', 'http'), {
    about:
      'Requested every minute only while broker, store and workers make progress: the watchdog that watches us.',
    example: 'https://hc-ping.com/…',
    otherwise: 'none',
    secrecy: 'path',
  }),
  SHUTDOWN_SECONDS: withDefault('5', seconds(0, 3600), {
    about: 'A stop takes at most this long.',
  }),
  AUDIT_DAYS: withDefault('365', integer(1, 36_500), {
    about: 'How long the audit log keeps who did what.',
  }),
  LOG_LEVEL: withDefault(
    'info',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    {
      about:
        'The least grave lines that are logged: fatal, error, warn, info, debug, trace, silent.',
    },
  ),
}

/** Where the command line finds the service; `start` does not read these. */
export const COMMAND_LINE = {
  BELFRY_URL: withDefault('http://127.0.0.1:8080', baseUrl, {
    about: 'Where the command line finds a running service; --url wins.',
  }),
  BELFRY_TOKEN: optional(text, {
    about: 'The token or API key that the command line shows; --token wins.',
    otherwise: 'none',
    secrecy: 'all',
  }),
}
