import type { Json } from './api.ts'

/** A field of a message that is asked for beside its words. */
export interface DraftField {
  /** Where it stands in the body, `digest.window`; its name in the page's address too. */
  readonly path: string
  readonly label: string
  readonly hint?: string
  readonly kind?: 'text' | 'number' | 'moment' | 'list' | 'flag' | 'json'
  readonly choices?: readonly string[]
}

export interface DraftGroup {
  readonly name: string
  readonly about: string
  readonly fields: readonly DraftField[]
  /** What it does not do without, once any of it is set: one of each line. */
  readonly needs?: readonly (readonly string[])[]
}

const EVIDENCE = ['delivered', 'seen', 'read', 'acked']

/** What a message may ask for, in the order in which people ask. */
export const GROUPS: readonly DraftGroup[] = [
  {
    name: 'Collect into a digest',
    about: 'What comes within a time becomes one message.',
    fields: [
      { path: 'digest.window', label: 'For how long', hint: '1h, 10m, 2d' },
      { path: 'digest.cron', label: 'Or when', hint: '0 9 * * mon-fri, by the recipient’s clock' },
      { path: 'digest.key', label: 'Apart by', hint: 'a path into data: order.id' },
      { path: 'digest.look_back', label: 'The first one at once', hint: 'if none came for: 30m' },
    ],
    needs: [['digest.window', 'digest.cron']],
  },
  {
    name: 'At most so many',
    about: 'More of the kind are left out, or collected.',
    fields: [
      { path: 'throttle.limit', label: 'How many', kind: 'number' },
      { path: 'throttle.window', label: 'Within', hint: '1h, 10m, 2d' },
      { path: 'throttle.on_limit', label: 'Others are', choices: ['drop', 'digest'] },
      { path: 'throttle.key', label: 'Apart by', hint: 'a path into data' },
    ],
    needs: [['throttle.window']],
  },
  {
    name: 'Unless it arrives',
    about: 'Further channels when nothing shows that it reached somebody.',
    fields: [
      { path: 'fallback.after', label: 'After', hint: '5m' },
      { path: 'fallback.channels', label: 'Channels', kind: 'list', hint: 'sms, voice' },
      { path: 'fallback.unless', label: 'Unless', choices: EVIDENCE },
    ],
    needs: [['fallback.after'], ['fallback.channels']],
  },
  {
    name: 'Until it is acknowledged',
    about: 'It comes again until somebody says that he has it.',
    fields: [
      { path: 'require_ack.retry', label: 'Every', hint: '30s to 1h' },
      { path: 'require_ack.expire', label: 'For', hint: '30s to 3h' },
      { path: 'require_ack.cancel_on', label: 'Ends with', choices: ['any', 'all'] },
    ],
  },
  {
    name: 'When, and with what',
    about: 'Where it belongs, how long it is of use, and what comes with it.',
    fields: [
      { path: 'delay', label: 'After a while', hint: '15m; in place of “Not before”' },
      { path: 'at', label: 'By the clock', hint: '2026-11-29T09:00' },
      { path: 'timezone', label: 'Clock of', hint: 'Europe/Paris' },
      { path: 'send_in_user_timezone', label: 'Clock of each recipient', kind: 'flag' },
      { path: 'expires_at', label: 'Of no use after', kind: 'moment' },
      { path: 'collapse_key', label: 'Replaces what has the key' },
      { path: 'thread', label: 'Belongs to', hint: 'a conversation, a document, a device' },
      { path: 'tags', label: 'Tags', kind: 'list', hint: 'to take it back by' },
      { path: 'data', label: 'Data', kind: 'json', hint: '{"order":{"id":7}}' },
    ],
  },
]

/** Channels that can say it in words of their own. */
export const SPOKEN = ['email', 'sms', 'voice', 'push', 'slack', 'discord', 'webhook'] as const

/** The words of one channel. */
export function wordsOf(channel: string): readonly DraftField[] {
  const words = [
    { path: `texts.${channel}.title`, label: 'Title' },
    { path: `texts.${channel}.message`, label: 'Message' },
  ]
  if (channel === 'sms' || channel === 'voice') return words.slice(1)
  return channel === 'email' ? [...words, { path: 'texts.email.html', label: 'HTML' }] : words
}

const ALL: readonly DraftField[] = [
  ...GROUPS.flatMap(({ fields }) => fields),
  ...SPOKEN.flatMap(wordsOf),
]

/** What of it stands in an address, by path. */
export function extrasOf(query: URLSearchParams): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ALL.flatMap(({ path }) => {
      const text = query.get(path) ?? ''
      return text === '' ? [] : [[path, text]]
    }),
  )
}

/** The same as parts of the body; what cannot be read yet stays as it was typed. */
export function bodyOf(extras: Readonly<Record<string, string>>): Json {
  const body: Json = {}
  for (const field of ALL) {
    const text = extras[field.path]
    if (text !== undefined) put(body, field.path.split('.'), asWritten(field, text))
  }
  return body
}

/** What cannot be read of it, in words; `null`: nothing. */
export function unreadableIn(extras: Readonly<Record<string, string>>): string | null {
  const bad = ALL.find(({ path, kind }) => {
    const text = extras[path]
    return kind === 'json' && text !== undefined && jsonOf(text) === undefined
  })
  return bad === undefined ? null : `${bad.label}: this is not JSON yet.`
}

/** What else has to be said, because a part of it is, in words; `null`: nothing. */
export function missingIn(extras: Readonly<Record<string, string>>): string | null {
  for (const { name, fields, needs = [] } of GROUPS) {
    if (!fields.some(({ path }) => path in extras)) continue
    const missing = needs.find((paths) => !paths.some((path) => path in extras))
    const field = fields.find(({ path }) => path === missing?.[0])
    if (field) return `${name}: say “${field.label}” too.`
  }
  return null
}

/** A moment of a field, in the browser's own zone, as ISO 8601. */
export function isoOf(local: string): string {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? local : at.toISOString()
}

function put(into: Json, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) into[name] = value
  else {
    into[name] ??= {}
    put(into[name], rest, value)
  }
}

function asWritten({ kind }: DraftField, text: string): unknown {
  switch (kind) {
    case 'number':
      return Number(text)
    case 'flag':
      return text === 'true'
    case 'moment':
      return isoOf(text)
    case 'list':
      return text.split(/[,\s]+/).filter(Boolean)
    case 'json':
      return jsonOf(text) ?? text
    default:
      return text
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
