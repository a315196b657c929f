import type { DeliveryJob } from './delivery-job.ts'

/** A delivery as operators see it: whoever knows the URL of a hook may post to it. */
export function shownDelivery(job: DeliveryJob): DeliveryJob {
  const { url } = job as DeliveryJob<{ readonly url?: unknown }>
  if (typeof url !== 'string') return job
  const shown = { ...job, url: shownUrl(url) }
  return shown
}

/** The scheme and, where it is not itself a key or a chat, the host of a hook's URL. */
export function shownUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null) return '…'
  const isHost = /^https?:|\+http:$|^(ntfy|gotify|mattermost|apprise|teams):/.test(url.protocol)
  return `${url.protocol}//${isHost ? `${url.host}/` : ''}…`
}
