import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { LinkSigner } from '../links/link-signer.ts'
import type { Action } from '../notifications/notification-record.ts'
import type { Provider } from './channel.ts'
import { escapeHtml } from './html.ts'

/** What is noticed of mails; both are off unless the operator wants them. */
export interface MailTracking {
  readonly opens: boolean
  readonly clicks: boolean
}

interface Links {
  readonly signer: LinkSigner
  readonly tracking: MailTracking
}

/** The parts of jobs that links are put into; each channel has some of them. */
interface Linkable {
  readonly actions?: readonly Action[]
  readonly notification?: { readonly actions: readonly Action[] }
  readonly alert_id?: string
  readonly type?: string
  readonly category?: string
  readonly html_body?: string | null
  readonly unsubscribe_url?: string | null
  readonly open_url?: string | null
}

type LinkableJob = DeliveryJob<Linkable>

/** A longer address, in bytes, does not fit into a token; it is left as it is. */
const MOST_TRACKED = 500

/**
 * The same provider, given jobs whose actions have signed links: acknowledging
 * for alerts, unsubscribing for other mails, and what counts opens and clicks.
 * They follow from the job, so a second try sends the same bytes.
 */
export function linked<Content extends object>(
  provider: Provider<Content>,
  links: Links,
): Provider<Content> {
  return {
    ...{ name: provider.name },
    ...(provider.verify ? { verify: () => provider.verify!() } : {}),
    ...(provider.close ? { close: () => provider.close!() } : {}),
    async send(job, signal) {
      const withThem = await withLinks(job as LinkableJob, links)
      return provider.send(withThem as unknown as DeliveryJob<Content>, signal)
    },
  }
}

async function withLinks(job: LinkableJob, links: Links): Promise<LinkableJob> {
  const { user_id: userId, notification } = job
  if (userId === null) return job
  const link = (actions: readonly Action[]) =>
    Promise.all(actions.map((action) => ackLinked(action, job, links)))
  const withActions = {
    ...job,
    ...(job.actions ? { actions: await link(job.actions) } : {}),
    ...(notification
      ? { notification: { ...notification, actions: await link(notification.actions) } }
      : {}),
  }
  return job.channel === 'email' ? mailLinked(withActions, userId, links) : withActions
}

async function ackLinked(action: Action, job: LinkableJob, { signer }: Links): Promise<Action> {
  const { type, alert_id: alertId, url } = action
  if (type !== 'ack' || typeof alertId !== 'string' || url !== undefined) return action
  const link = { kind: 'ack', alertId, userId: job.user_id ?? '' } as const
  return { ...action, url: await signer.url(link, madeAt(job)) }
}

async function mailLinked(job: LinkableJob, userId: string, links: Links): Promise<LinkableJob> {
  const { signer, tracking } = links
  const { notification_id: notificationId, unsubscribe_url } = job
  const leave = unsubscribe_url ?? (await unsubscribeUrl(job, userId, signer))
  const unsubscribable = leave === null ? job : { ...job, unsubscribe_url: leave }
  if (notificationId === null) return unsubscribable
  const clicked = tracking.clicks
    ? await clicksCounted(unsubscribable, { userId, notificationId, signer })
    : unsubscribable
  if (!tracking.opens) return clicked
  const open = { kind: 'open', userId, notificationId } as const
  return { ...clicked, open_url: await signer.url(open, madeAt(job)) }
}

/** What wakes people they cannot be rid of by a click. */
async function unsubscribeUrl(
  job: LinkableJob,
  userId: string,
  signer: LinkSigner,
): Promise<string | null> {
  const { type, category = null, alert_id, priority, channel } = job
  if (type === undefined || alert_id !== undefined || priority === 'critical') return null
  return signer.url({ kind: 'unsubscribe', userId, channel, type, category }, madeAt(job))
}

interface Counting {
  readonly userId: string
  readonly notificationId: string
  readonly signer: LinkSigner
}

/** Links to elsewhere go by way of us; our own, such as acknowledging, do not. */
async function clicksCounted(job: LinkableJob, { signer, ...who }: Counting): Promise<LinkableJob> {
  const counted = async (url: unknown): Promise<string | null> => {
    const isTracked = typeof url === 'string' && /^https?:\/\//.test(url)
    if (!isTracked || Buffer.byteLength(url) > MOST_TRACKED) return null
    return signer.url({ kind: 'click', ...who, url }, madeAt(job))
  }
  const actions = await Promise.all(
    (job.actions ?? []).map(async (action) => {
      const url = action.type === 'view' ? await counted(action.url) : null
      return url === null ? action : { ...action, url }
    }),
  )
  const html = job.html_body ? await hrefsCounted(job.html_body, counted) : job.html_body
  return { ...job, ...(job.actions ? { actions } : {}), ...(html ? { html_body: html } : {}) }
}

const HREF = /(<a\s[^>]*?href=)(["'])(https?:\/\/[^"'<>\s]+)\2/gi

async function hrefsCounted(
  html: string,
  counted: (url: string) => Promise<string | null>,
): Promise<string> {
  const found = new Set([...html.matchAll(HREF)].map(([, , , url]) => url!))
  const urls = new Map<string, string | null>()
  for (const url of found) urls.set(url, await counted(url.replaceAll('&amp;', '&')))
  return html.replace(HREF, (all, before: string, quote: string, url: string) => {
    const by = urls.get(url)
    return by == null ? all : `${before}${quote}${escapeHtml(by)}${quote}`
  })
}

function madeAt({ created_at }: LinkableJob): number {
  return created_at * 1000
}
