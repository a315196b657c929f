import type { Device } from '../directory/user-record.ts'
import type { PartOutcome, SendOutcome } from './channel.ts'
import type { DeviceOutcome } from './push-carrier.ts'

/** What became of the note on one device, and who said so. */
export interface Served {
  readonly device: Device
  readonly provider: string
  readonly outcome: DeviceOutcome
}

/** A record is no place for a thousand devices: those with a word to say come first. */
const MOST_PARTS = 50
/** So many characters of a token are enough to know it by, and too few to send to it. */
const SHOWN_CHARACTERS = 8

/**
 * The outcome of a delivery to several devices: tried again on those that may
 * still be reached, sent when one took it, failed when none ever will.
 */
export function pushOutcome(served: readonly Served[], reachedBefore: number): SendOutcome {
  const of = (status: DeviceOutcome['status']) =>
    served.filter(({ outcome }) => outcome.status === status)
  const provider = [...new Set(served.map((each) => each.provider))].join(',')
  const common = { provider, parts: partsOf(served) }
  const taken = of('sent')
  const reached = reachedBefore + taken.length
  const again = [...of('retry'), ...of('unreachable')]
  if (again.length > 0) {
    const content = { pending: again.map(({ device }) => device), reached }
    return { ...waiting(again), ...common, content }
  }
  if (reached > 0) {
    const id = taken.length === 1 ? idOf(taken[0]!.outcome) : undefined
    return { status: 'sent', ...(id === undefined ? {} : { id }), ...common }
  }
  const reasons = [...new Set(served.map(({ outcome }) => reasonOf(outcome)))]
  return { status: 'failed', reason: reasons.join('; '), ...common }
}

/** What is never tried again was sent if one device took it, whatever became of the others. */
export function inTheEnd(outcome: SendOutcome): SendOutcome {
  const { content } = outcome as { readonly content?: { readonly reached?: number } }
  if (!content?.reached) return outcome
  const { provider, parts } = outcome
  return { status: 'sent', ...(provider ? { provider } : {}), ...(parts ? { parts } : {}) }
}

/** A refusal uses a try up; waiting for services that are away does not. */
function waiting(again: readonly Served[]): SendOutcome & { status: 'retry' | 'unreachable' } {
  const refused = again.filter(({ outcome }) => outcome.status === 'retry')
  const reason = [...new Set(again.map(({ outcome }) => reasonOf(outcome)))].join('; ')
  if (refused.length === 0) return { status: 'unreachable', reason }
  const waits = refused.flatMap(({ outcome }) =>
    'retryAfterMs' in outcome && outcome.retryAfterMs !== undefined ? [outcome.retryAfterMs] : [],
  )
  return {
    status: 'retry',
    reason,
    ...(waits.length > 0 ? { retryAfterMs: Math.max(...waits) } : {}),
  }
}

function partsOf(served: readonly Served[]): PartOutcome[] {
  const isSent = ({ outcome }: Served) => (outcome.status === 'sent' ? 1 : 0)
  return served
    .toSorted((a, b) => isSent(a) - isSent(b))
    .slice(0, MOST_PARTS)
    .map(partOf)
}

function partOf({ device, provider, outcome }: Served): PartOutcome {
  const { platform, token } = device
  const id = idOf(outcome)
  return {
    provider,
    outcome: outcome.status,
    to: `${platform}:…${token.slice(-SHOWN_CHARACTERS)}`,
    ...('reason' in outcome ? { reason: outcome.reason } : {}),
    ...(id === undefined ? {} : { id }),
  }
}

function idOf(outcome: DeviceOutcome): string | undefined {
  return 'id' in outcome ? outcome.id : undefined
}

function reasonOf(outcome: DeviceOutcome): string {
  return 'reason' in outcome ? outcome.reason : outcome.status
}
