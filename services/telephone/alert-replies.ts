import { BelfryError, NotFound } from '../../src/index.ts'
import type { AlertActions } from '../alerts/alert-actions.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { ReplyCodes, Told } from './reply-codes.ts'
import type { LastSms } from './sms-consent.ts'
import type { AnswerSms, IncomingSms } from './sms-replies.ts'

interface Parts {
  readonly alertActions: AlertActions
  readonly alertStore: AlertStore
  readonly codes: ReplyCodes
}

type Verb = 'acknowledge' | 'resolve' | 'escalate'

/** What somebody wants done, and to which alert. */
interface Wish {
  readonly verb: Verb
  readonly which: { readonly code: number } | { readonly id: string } | 'last'
  readonly wholeSource: boolean
}

const DONE = { acknowledge: 'Acknowledged', resolve: 'Resolved', escalate: 'Escalated' } as const
const HELP = 'Reply with a code and a letter: 1a acknowledges, 1c closes, 1e escalates.'

/** What a text message asks for; `null`: it is about something else. */
export function wishOf(text: string): Wish | null {
  const words = text
    .trim()
    .replace(/^["'“”‘’]+|["'“”‘’]+$/g, '')
    .trim()
    .toLowerCase()
  const [, all, double] = /^(\d{1,3})\s*(cc|aa)$/.exec(words) ?? []
  if (all) return wish(double![0]!, { code: Number(all) }, true)
  const [, code, letter] = /^(\d{1,3})\s*(c|a|e)$/.exec(words) ?? []
  if (code) return wish(letter!, { code: Number(code) })
  const [, verb, id] = /^(close|c|e|a|ack[a-z]*)\s*#?\s*([0-9][0-9a-f-]*)$/.exec(words) ?? []
  if (id) return wish(verb!, /^\d{1,3}$/.test(id) ? { code: Number(id) } : { id })
  return /^(close|c|a|e|ack[a-z]*)$/.test(words) ? wish(words, 'last') : null
}

function wish(word: string, which: Wish['which'], wholeSource = false): Wish {
  const verb = word[0] === 'c' ? 'resolve' : word[0] === 'e' ? 'escalate' : 'acknowledge'
  return { verb, which, wholeSource }
}

/** Does to alerts what text messages ask for, and answers in words. */
export function alertReplies(parts: Parts): AnswerSms {
  return async (sms, last) => {
    const wanted = wishOf(sms.text)
    if (wanted === null) return last === null || last.alert_ids.length === 0 ? null : HELP
    const told = await find(parts, wanted, sms, last)
    if (told === null) return `There is no such alert. ${HELP}`
    const { alert_ids = [told.alert_id] } = told
    const ids = wanted.wholeSource ? await ofOneSource(parts, told.alert_id) : alert_ids
    const results = await Promise.all(
      ids.map((id) => act(parts, wanted.verb, { ...told, alert_id: id }, sms.id)),
    )
    const [first = ''] = results
    return ids.length === 1 ? first : `${DONE[wanted.verb]}: ${ids.length} alerts.`
  }
}

async function find(
  { codes }: Parts,
  { which }: Wish,
  { from }: IncomingSms,
  last: LastSms | null,
): Promise<Told | null> {
  const user_id = last?.user_id ?? null
  if (which === 'last') {
    const { alert_ids = [] } = last ?? {}
    return alert_ids[0] === undefined ? null : { alert_id: alert_ids[0], alert_ids, user_id }
  }
  return 'code' in which ? codes.find(from, which.code) : { alert_id: which.id, user_id }
}

async function ofOneSource({ alertStore }: Parts, id: string): Promise<string[]> {
  const alert = await alertStore.readIfAny(id)
  if (alert === null || alert.source === null) return [id]
  const ids: string[] = []
  for await (const each of alertStore.open()) if (each.source === alert.source) ids.push(each.id)
  return ids.length === 0 ? [id] : ids
}

async function act(
  { alertActions }: Parts,
  verb: Verb,
  { alert_id, user_id }: Told,
  smsId: string | null,
) {
  const once = smsId === null ? {} : { once: `sms ${smsId} ${alert_id}` }
  try {
    await alertActions[verb](alert_id, { who: user_id, note: 'by text message', ...once })
    return `${DONE[verb]}.`
  } catch (error) {
    if (error instanceof NotFound) return `There is no such alert. ${HELP}`
    if (error instanceof BelfryError && !error.retryable) return error.message
    throw error
  }
}
