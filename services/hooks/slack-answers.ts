import { AlreadyResolved, asBelfryError, NotFound } from '../../src/index.ts'
import type { AlertActions } from '../alerts/alert-actions.ts'
import type { StoredAlert } from '../alerts/alert-record.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import { escapeSlack } from '../channels/slack-blocks.ts'
import { readSlackChoice, type SlackChoice } from '../channels/slack-buttons.ts'
import type { Directory } from '../directory/directory.ts'
import type { UserRecord } from '../directory/user-record.ts'

/** A block of a message as Slack gives it back; what is not an `actions` block stays as it is. */
export interface SlackBlock {
  readonly type: string
  readonly elements?: readonly Readonly<Record<string, unknown>>[]
  readonly [field: string]: unknown
}

/** A press of a button, as Slack tells of it. */
export interface SlackPress {
  /** The member's id, such as `U0042`. */
  readonly member: string
  readonly button: Readonly<Record<string, unknown>>
  /** The message as it stands there. */
  readonly message: { readonly text: string; readonly blocks: readonly SlackBlock[] }
}

/** What the message says from now on. */
export interface SlackUpdate {
  readonly replace_original: true
  readonly text: string
  readonly blocks: readonly SlackBlock[]
}

interface Parts {
  readonly alertActions: Pick<AlertActions, 'acknowledge' | 'resolve'>
  readonly alertStore: Pick<AlertStore, 'read' | 'told'>
  readonly directory: Pick<Directory, 'find'>
}

/** Among how many people who were told of an alert a member of Slack is looked for. */
const MOST_TOLD = 200

/** Does to alerts what people choose in Slack. */
export class SlackAnswers {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The message as it is after a press; `null`: the button is none of ours. */
  async press({ member, button, message }: SlackPress): Promise<SlackUpdate | null> {
    const choice = readSlackChoice(button)
    if (choice === null) return null
    const alert = await this.#act(choice, member)
    const line = { type: 'context', elements: [{ type: 'mrkdwn', text: wordsFor(alert, member) }] }
    const rest = message.blocks.flatMap((block) => withoutDone(block, choice.alertId, alert))
    return { replace_original: true, text: message.text, blocks: [...rest, line] }
  }

  /** The alert after it; `null`: it was over long ago. */
  async #act({ verb, alertId, userId }: SlackChoice, member: string): Promise<StoredAlert | null> {
    const { alertActions, alertStore } = this.#parts
    try {
      const who = await this.#whoIs(member, alertId, userId)
      await alertActions[verb](alertId, { who, note: 'in Slack' })
    } catch (error) {
      if (!(error instanceof AlreadyResolved || error instanceof NotFound)) throw error
    }
    const found = await alertStore.read(alertId).catch(orNull)
    return found?.alert ?? null
  }

  /** The person in the directory who has this id at Slack, among those who were told; else `slack:<id>`. */
  async #whoIs(member: string, alertId: string, userId: string): Promise<string> {
    const { alertStore, directory } = this.#parts
    const told = await alertStore.told(alertId)
    const ids = [...new Set([userId, ...told.slice(0, MOST_TOLD)])].filter((id) => id !== '')
    const people = await Promise.all(ids.map((id) => directory.find(id).catch(orNull)))
    return people.find((user) => user !== null && isMember(user, member))?.id ?? `slack:${member}`
  }
}

/** A direct message goes to the member's own id; who has a webhook or a channel names his in `data`. */
function isMember({ slack_webhook_url: url, data }: UserRecord, member: string): boolean {
  return url === `slack://${member}` || data.slack_id === member
}

/** Buttons that no longer do anything are taken away. */
function withoutDone(block: SlackBlock, alertId: string, alert: StoredAlert | null): SlackBlock[] {
  if (block.type !== 'actions') return [block]
  const elements = (block.elements ?? []).filter((element) => {
    const choice = readSlackChoice(element)
    if (choice?.alertId !== alertId) return true
    if (alert === null || alert.status === 'resolved') return false
    return choice.verb === 'resolve' || alert.status !== 'acknowledged'
  })
  return elements.length === 0 ? [] : [{ ...block, elements }]
}

function wordsFor(alert: StoredAlert | null, member: string): string {
  if (alert === null) return 'This alert was resolved more than a day ago.'
  const { status, type, acknowledged_by, resolved_by } = alert
  const who = status === 'resolved' ? resolved_by : acknowledged_by
  const isKnown = status === 'resolved' || status === 'acknowledged'
  const word = isKnown ? status[0]!.toUpperCase() + status.slice(1) : `Pressed by <@${member}>`
  const by = isKnown && who !== null ? ` by ${nameOf(who)}` : ''
  return `${word}${by}: ${escapeSlack(type)}`
}

/** A member is shown as Slack shows members. */
function nameOf(who: string): string {
  const member = /^slack:([A-Z0-9]+)$/.exec(who)?.[1]
  return member === undefined ? escapeSlack(who) : `<@${member}>`
}

function orNull(error: unknown): null {
  if (asBelfryError(error).code === 'not_found') return null
  throw error
}
