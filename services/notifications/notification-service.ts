import { Expired, Filtered, Turns, Unavailable } from '../../src/index.ts'
import { type DeliveryPlan, planDelivery, zoneOf } from '../deliveries/delivery-plan.ts'
import type { Directory } from '../directory/directory.ts'
import { mutedPart, subjectOf } from '../directory/preferences.ts'
import { assertUserId, type Recipient } from '../directory/user-record.ts'
import type { Typed, TypeRules } from '../events/type-rules.ts'
import { Digests } from '../flows/digests.ts'
import { FlowGate } from '../flows/flow-gate.ts'
import { momentOf } from '../flows/local-time.ts'
import { type TraceReason, Traces } from '../flows/traces.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { type Identity, sourceOf } from './acceptance.ts'
import { speak } from './composed.ts'
import { type LeftOut, unwanted } from './left-out.ts'
import { mintId } from './mint-id.ts'
import { NotificationWriter, type WriterParts, type Written } from './notification-writer.ts'
import { Scheduling } from './scheduling.ts'
import { delayedUntil, isAlert, type Ready, type Sending, type Sent } from './sending.ts'

interface Parts extends WriterParts {
  readonly directory: Directory
  readonly templates: TemplateRenderer
  readonly typeRules: TypeRules
  /** Of people who did not say theirs. Default: UTC. */
  readonly timezone?: string
}

/** How often a write is tried again whose grounds changed. */
const MOST_RACES = 50

/** Turns a message to one person into a record in his inbox and one delivery per channel. */
export class NotificationService {
  readonly #parts: Parts
  readonly #writer: NotificationWriter
  readonly #scheduling: Scheduling
  readonly #traces: Traces
  readonly #gate: FlowGate
  /** Messages that replace each other, one after the other: each builds on the one before. */
  readonly #replacing = new Turns()

  constructor(parts: Parts) {
    const { keys, timezone = 'UTC' } = parts
    this.#parts = parts
    this.#writer = new NotificationWriter(parts)
    this.#scheduling = new Scheduling(parts)
    this.#traces = new Traces(parts)
    this.#gate = new FlowGate({ digests: new Digests(parts), throttleKey: keys.throttle, timezone })
  }

  /**
   * Stores the notification with its deliveries in one atomic write, or what
   * else becomes of it: it is put off, becomes a part of a digest, or is left out
   * by its throttle. Throws `Expired`, `Filtered` when the user wants none of it,
   * or `InvalidPayload` for an id that nobody can have, as a script may put one
   * into a set.
   */
  async send(asked: Sending): Promise<Sent> {
    assertUserId(asked.userId)
    const { clock, directory } = this.#parts
    const now = clock.now()
    const { userId, message, identity, origin = {} } = asked
    const id = asked.id ?? this.#mintId(userId, identity, now)
    if (message.expiresAt !== null && message.expiresAt <= now) {
      await this.#note({ ...asked, id }, { reason: 'expired' })
      throw new Expired('The message expired before it could be sent.', id)
    }
    const waiting = { ...asked, id, origin }
    const { sendAt } = message
    if (sendAt !== null && sendAt > now) return this.#scheduling.put({ ...waiting, at: sendAt })
    const recipient = await directory.recipient(userId)
    const localAt = this.#localMoment(asked, recipient)
    if (localAt > now) return this.#scheduling.put({ ...waiting, at: localAt })
    const worded = message.template ? await this.#inWords(asked, recipient) : asked
    if (isAlert(worded)) return this.#sendNow({ ...worded, id, recipient, now })
    const found = this.#parts.typeRules.of(worded.message)
    const typed = found instanceof Promise ? await found : found
    if (typed.type === null) return this.#sendNow({ ...worded, id, recipient, now })
    const at = delayedUntil(asked, typed, now)
    if (typeof at === 'number') return this.#scheduling.put({ ...waiting, at })
    const ready = { ...worded, id, recipient, now }
    return at === null ? this.#sendTyped(ready, typed) : this.#refuse(ready, 'delay', at)
  }

  /** As its type has it: not to everybody, on other channels, or whatever people prefer. */
  async #sendTyped(ready: Ready, typed: Typed): Promise<Sent> {
    const { typeRules } = this.#parts
    const { recipient, composer, isReleased, overridesPreferences = false } = ready
    const sending = {
      ...ready,
      // What was collected has what its type said then, but for what is not for a collection.
      message: isReleased ? ready.message : typed.message,
      overridesPreferences: overridesPreferences || typed.type?.critical === true,
      unmet: await typeRules.unmet(typed, recipient, composer?.fields),
    }
    const refusal = isReleased ? null : await typeRules.refusal(typed, recipient, composer?.fields)
    if (refusal === null) return this.#sendNow(sending)
    return this.#refuse(sending, refusal.reason, refusal.detail)
  }

  #refuse(ready: Ready, reason: TraceReason, detail: string): Promise<never> {
    const words = `User ${ready.userId} is not told: ${detail}`
    return this.#leaveOut(ready, { reason, detail }, new Filtered(reason, words, ready.id))
  }

  async #sendNow(ready: Ready): Promise<Sent> {
    const { message, recipient, now, overridesPreferences } = ready
    const muted = mutedPart(recipient.preferences, subjectOf(message), now)
    if (muted !== null && !overridesPreferences) {
      const words = `User ${ready.userId} muted the ${muted} ${message[muted]}.`
      const error = new Filtered(`muted_${muted}`, words, ready.id)
      return this.#leaveOut(ready, { reason: 'muted', detail: muted }, error)
    }
    const { collapseKey } = message
    if (collapseKey === null) return this.#insist(ready)
    const name = JSON.stringify([ready.userId, collapseKey])
    return this.#replacing.run(name, () => this.#insist(ready))
  }

  /** Others may change what it builds on while it is decided upon. */
  async #insist(ready: Ready): Promise<Sent> {
    let isOver = false
    for (let attempt = 0; attempt < MOST_RACES; attempt++) {
      const written = await this.#attempt(ready, isOver)
      if (written === 'over') isOver = true
      else if (written !== 'changed') return written
    }
    throw new Unavailable('Notifications of this user are being changed by others; try again.')
  }

  async #attempt(asked: Ready, isOver: boolean): Promise<Written> {
    const planned = this.#plan(asked)
    if (!planned.inInbox && planned.channels.length + planned.gathered.size === 0) {
      return this.#leaveOut(asked, ...unwanted(asked, planned))
    }
    const isClass = asked.composer !== undefined
    const { ready, plan } = isClass ? await spoken(asked, planned) : { ready: asked, plan: planned }
    const { id, userId, message, recipient, now, origin = {} } = ready
    const passesBy = ready.isReleased === true || ready.overridesPreferences === true
    if (passesBy || (message.digest === null && message.throttle === null)) {
      return this.#writer.write(ready, plan, { guards: [], ops: [] })
    }
    const earlier = await this.#traces.find(id)
    if (earlier !== null) return repeated(id, earlier.into)
    const { timezone } = recipient.user
    const { composed } = ready
    const passing = { id, userId, message, origin, composed, timezone, now, isOver }
    const verdict = await this.#gate.decide(passing)
    if (verdict.kind === 'pass') return this.#writer.write(ready, plan, verdict)
    return this.#writer.setAside(ready, verdict)
  }

  /** With the words of its template, in the recipient's language. */
  async #inWords(sending: Sending, { user }: Recipient): Promise<Sending> {
    const message = await this.#parts.templates.apply(sending.message, user.locale, user.id)
    const { name: template = '', isCritical = false, variant } = message.template ?? {}
    const overridesPreferences = isCritical || (sending.overridesPreferences ?? false)
    const origin = { ...sending.origin, template, ...(variant === undefined ? {} : { variant }) }
    return { ...sending, message, overridesPreferences, origin }
  }

  #plan(ready: Ready): DeliveryPlan {
    const { message, recipient, overridesPreferences = false, now, composer, unmet } = ready
    const { priority, channels, expiresAt, inInbox } = message
    const { timezone = 'UTC' } = this.#parts
    const subject = subjectOf(message)
    const moment = { now, expiresAt, timezone, spread: Math.random() }
    const own = composer && { addresses: composer.addresses }
    const wish = { ...moment, priority, channels, subject, overridesPreferences, inInbox, ...own }
    return planDelivery(recipient, unmet === undefined ? wish : { ...wish, unmet })
  }

  /** When the recipient's clock shows the time that was asked for; 0: nobody asked. */
  #localMoment({ message: { localAt } }: Sending, { user }: Recipient): number {
    const { timezone = 'UTC' } = this.#parts
    return localAt === null ? 0 : momentOf(localAt, zoneOf([user.timezone, timezone]))
  }

  async #leaveOut(ready: Ready, why: LeftOut, error: Filtered): Promise<never> {
    await this.#note(ready, why)
    throw error
  }

  async #note({ id, userId, message, identity }: Sending & { id: string }, why: LeftOut) {
    const { type, title } = message
    const trace = { id, user_id: userId, type, title, status: 'dropped', ...why } as const
    await this.#traces.note(trace, sourceOf(identity))
  }

  #mintId(owner: string, identity: Identity, now: number): string {
    const { store, keys } = this.#parts
    return mintId(identity, { scope: keys.scope, partitions: store.partitions, now, owner })
  }
}

/** What was set aside before, and comes again because the work is done again. */
function repeated(id: string, digestId: string | undefined): Sent {
  const isMerged = digestId !== undefined
  return {
    status: isMerged ? 'digested' : 'throttled',
    ...{ notification_id: id, channels: [] },
    ...(isMerged ? { digest_id: digestId } : {}),
  }
}

/** In the words of its class, if it has one. Throws `Filtered` when that leaves nothing. */
async function spoken(ready: Ready, plan: DeliveryPlan) {
  const { composer, id, message, recipient } = ready
  if (composer === undefined) return { ready, plan }
  const after = await speak(composer, { id, plan, message, locale: recipient.user.locale })
  const { composed } = after
  return { ready: { ...ready, message: after.message, composed }, plan: after.plan }
}
