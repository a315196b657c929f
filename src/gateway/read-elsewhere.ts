import { type Outbound, outboundOf } from './outbound.ts'

const UPDATED = '"type":"notification_updated"'

/**
 * Which entries of a session queue are notifications that the user has read on
 * another device meanwhile, as later entries say: nobody wants to see them as new.
 */
export function readElsewhere(entries: readonly string[]): (message: Outbound) => boolean {
  const updates = entries.filter((entry) => entry.includes(UPDATED)).map(outboundOf)
  const read = new Map(updates.filter(saysRead).map(({ id, seq }) => [id, seq]))
  if (read.size === 0) return () => false
  return (message) => {
    const { content, seq } = message
    const isNews = content.kind === 'user' && content.type === 'notification'
    return isNews && seq < (read.get(message.id) ?? 0)
  }
}

function saysRead({ content }: Outbound): boolean {
  if (content.kind !== 'user' || content.type !== 'notification_updated') return false
  return (JSON.parse(content.data) as { readonly read?: unknown } | null)?.read === true
}
