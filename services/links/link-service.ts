import { type Clock, InvalidPayload, type Keys, NotFound, type Store } from '../../src/index.ts'
import { type AlertActions, answerHash } from '../alerts/alert-actions.ts'
import { asksOf, type StoredAlert } from '../alerts/alert-record.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { Directory } from '../directory/directory.ts'
import type { InboxService } from '../notifications/inbox-service.ts'
import type { LinkOf } from './link.ts'
import type { LinkSigner } from './link-signer.ts'

/** What somebody sees who opens the link of an alert. */
export type AckView =
  | { readonly state: 'invalid' | 'expired' | 'gone' }
  /** `used`: this link has acknowledged before, and the alert has come back since. */
  | { readonly state: 'open' | 'used' | 'acknowledged' | 'resolved'; readonly alert: StoredAlert }

/** What somebody sees who wants no more mails. */
export type UnsubscribeView =
  | { readonly state: 'invalid' | 'expired' }
  | { readonly state: 'open' | 'done'; readonly link: LinkOf<'unsubscribe'> }

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly signer: LinkSigner
  readonly alertStore: AlertStore
  readonly alertActions: AlertActions
  readonly directory: Directory
  readonly inbox: InboxService
}

/** What signed links do. Looking at one changes nothing: scanners of mail open them all. */
export class LinkService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async ack(token: string): Promise<AckView> {
    const { signer, alertStore, clock, store, keys } = this.#parts
    const read = await signer.read('ack', token, clock.now())
    if (read.status === 'invalid') return { state: 'invalid' }
    const { alertId, userId } = read.link
    const found = await alertStore.read(alertId).catch(orNull)
    if (found === null) return { state: 'gone' }
    const { alert } = found
    if (alert.status === 'resolved') return { state: 'resolved', alert }
    if (alert.status === 'acknowledged' && !asksOf(alert, userId)) {
      return { state: 'acknowledged', alert }
    }
    if (read.status === 'expired') return { state: 'expired' }
    const mark = await store.get(alertStore.partition(alertId), keys.answered(answerHash(token)))
    return { state: mark === null ? 'open' : 'used', alert }
  }

  /**
   * Acknowledges in the name of whoever was sent the link, once: the mark that it
   * was used is part of the same write.
   */
  async acknowledge(token: string, note = 'by link'): Promise<AckView> {
    const view = await this.ack(token)
    if (view.state !== 'open') return view
    const { signer, alertActions, clock } = this.#parts
    const read = await signer.read('ack', token, clock.now())
    if (read.status !== 'good') return { state: read.status }
    const { alertId, userId } = read.link
    await alertActions.acknowledge(alertId, { who: userId, note, once: token })
    return this.ack(token)
  }

  async subscription(token: string): Promise<UnsubscribeView> {
    const { signer, clock } = this.#parts
    const read = await signer.read('unsubscribe', token, clock.now())
    return read.status === 'good'
      ? { state: 'open', link: read.link }
      : { state: read.status === 'invalid' ? 'invalid' : 'expired' }
  }

  /** Switches one channel off for the category of the message, or for its type. */
  async unsubscribe(token: string): Promise<UnsubscribeView> {
    const view = await this.subscription(token)
    if (view.state !== 'open') return view
    const { userId, channel, type, category } = view.link
    await this.#parts.directory.switchOff(userId, channel, { type, category })
    return { state: 'done', link: view.link }
  }

  /** A mail was opened: its notification has been seen. */
  async opened(token: string): Promise<void> {
    const { signer, clock, inbox } = this.#parts
    const read = await signer.read('open', token, clock.now())
    if (read.status !== 'good') return
    await inbox.markSeen(read.link.userId, read.link.notificationId).catch(orNull)
  }

  /** A link was followed: its notification has been read. Where to go on; `InvalidPayload` for no link of ours. */
  async clicked(token: string): Promise<string> {
    const { signer, clock, inbox } = this.#parts
    const read = await signer.read('click', token, clock.now())
    if (read.status === 'invalid') throw new InvalidPayload('This is no link of ours.')
    const { userId, notificationId, url } = read.link
    if (read.status === 'good') await inbox.markClicked(userId, notificationId).catch(orNull)
    // As a header may hold it.
    return URL.parse(url)?.href ?? url
  }
}

/** What was looked for has ended long ago: nothing is left to do. */
function orNull(error: unknown): null {
  if (error instanceof NotFound) return null
  throw error
}
