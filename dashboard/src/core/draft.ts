import { address, type Json } from './api.ts'
import { bodyOf, extrasOf, isoOf, missingIn, unreadableIn } from './draft-fields.ts'
import { token } from './session.ts'

export const MOST_ACTIONS = 3
const URL_FIELD = { name: 'url', label: 'URL' }

/** What each type of action needs to be told besides its label. */
export const ACTION_NEEDS: Readonly<Record<string, { name: string; label: string } | null>> = {
  ...{ view: URL_FIELD, http: URL_FIELD, mqtt: { name: 'topic', label: 'Topic' } },
  ...{ ack: null, reply: null },
}

/** Something that people can do about a message, as it is being written. */
export interface WrittenAction {
  readonly type: string
  readonly label: string
  readonly [field: string]: string
}

/** A message that is being written, as the address of the page holds it. */
export interface Draft {
  readonly to: string
  readonly title: string
  readonly message: string
  readonly type: string
  readonly priority: string
  readonly channels: readonly string[]
  readonly template: string
  /** JSON, as it is typed. */
  readonly params: string
  /** Local time, as the field gives it; empty: at once. */
  readonly at: string
  readonly actions: readonly WrittenAction[]
  /** Whatever else it asks for, by where it stands in the body. */
  readonly extras: Readonly<Record<string, string>>
}

export function draftOf(query: URLSearchParams): Draft {
  const text = (name: string) => query.get(name) ?? ''
  return {
    to: text('to'),
    title: text('title'),
    message: text('message'),
    type: text('type'),
    priority: query.get('priority') ?? 'normal',
    channels: text('channels').split(',').filter(Boolean),
    template: text('template'),
    params: text('params'),
    at: text('send_at'),
    actions: actionsOf(text('actions')),
    extras: extrasOf(query),
  }
}

function actionsOf(text: string): readonly WrittenAction[] {
  try {
    const list = JSON.parse(text || '[]')
    return Array.isArray(list) ? list.slice(0, MOST_ACTIONS) : []
  } catch {
    return []
  }
}

/** What is still missing, in words; `null`: nothing. */
export function problemIn(draft: Draft): string | null {
  if (recipientsOf(draft).length === 0) return 'Say to whom.'
  if (draft.template === '' && draft.message.trim() === '') return 'Say what.'
  if (paramsOf(draft) === null) return 'The values are not a JSON object.'
  if (draft.actions.some(({ label }) => label.trim() === '')) return 'Give each action a label.'
  for (const action of draft.actions) {
    const needed = ACTION_NEEDS[action.type]
    if (needed && !action[needed.name])
      return `Give the action “${action.label}” a ${needed.label}.`
  }
  return unreadableIn(draft.extras) ?? missingIn(draft.extras)
}

/** The body of `POST /api/notifications`. */
export function requestOf(draft: Draft): Json {
  const recipients = recipientsOf(draft)
  return { to: recipients.length === 1 ? recipients[0] : recipients, ...contentOf(draft) }
}

function contentOf(draft: Draft): Json {
  const words =
    draft.template === ''
      ? { ...(draft.title ? { title: draft.title } : {}), message: draft.message }
      : { template: draft.template, params: paramsOf(draft) }
  return {
    ...words,
    ...(draft.type ? { type: draft.type } : {}),
    ...(draft.priority === 'normal' ? {} : { priority: draft.priority }),
    ...(draft.channels.length > 0 ? { channels: draft.channels } : {}),
    ...(draft.at ? { send_at: isoOf(draft.at) } : {}),
    ...(draft.actions.length > 0 ? { actions: draft.actions } : {}),
    ...bodyOf(draft.extras),
  }
}

/** `ada, group:ops, x@y.z` as the API takes it; a bare word is a user. */
function recipientsOf({ to }: Draft): readonly Json[] {
  return to.split(/[,\s]+/).flatMap((word): Json[] => {
    if (word === '') return []
    if (word === 'all' || /^(user|group|role):.+/.test(word)) return [word]
    if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(word)) return [{ email: word }]
    return /^\+\d[\d-]+$/.test(word) ? [{ phone: word }] : [`user:${word}`]
  })
}

function paramsOf({ params }: Draft): Json | null {
  try {
    const value = JSON.parse(params || '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** The same by HTTP, from a shell. */
export function curlOf(draft: Draft): string {
  const url = address('api/notifications').href
  const bearer = token.value === null ? '' : ` \\\n  -H "authorization: Bearer $BELFRY_TOKEN"`
  const body = quoted(JSON.stringify(requestOf(draft)))
  return `curl ${url} -H 'content-type: application/json'${bearer} \\\n  -d ${body}`
}

/** The same by MQTT: one line for each audience that has a topic. */
export function mosquittoOf(draft: Draft): readonly string[] {
  const body = quoted(JSON.stringify(contentOf(draft)))
  return recipientsOf(draft).flatMap((to) => {
    const topic = topicOf(to)
    return topic === null ? [] : [`mosquitto_pub -q 1 -t ${topic} \\\n  -m ${body}`]
  })
}

function topicOf(to: Json): string | null {
  if (to === 'all') return 'notifications/realtime/broadcast'
  const [, kind, id] = /^(user|group):(.+)$/.exec(String(to)) ?? []
  return kind ? `notifications/realtime/${kind}/${id}` : null
}

/** In single quotes, as every POSIX shell takes it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
