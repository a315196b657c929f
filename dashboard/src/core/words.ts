const REASONS: Readonly<Record<string, string>> = {
  preference: 'the recipient switched this channel off',
  priority: 'not urgent enough for this channel',
  no_address: 'the profile has no address for it',
  not_chosen: 'the message did not ask for it',
  quiet_hours: 'it is quiet time for the recipient',
  expired: 'it expired before it could go out',
  muted_type: 'the recipient muted this type',
  muted_thread: 'the recipient muted this thread',
  muted: 'the recipient muted it',
  condition: 'a condition of its type does not hold',
  delay: 'its payload names no moment to come',
  throttled: 'there were too many of the kind',
  digest: 'it goes out with others as one message',
  vetoed: 'a listener or the notification itself said no',
  canceled: 'it was taken back',
  retained: 'the broker replayed an old message',
  empty_message: 'the message is empty',
  content_limit: 'it is too long',
}

const STATES: Readonly<Record<string, string>> = {
  unknown: 'waiting, or forgotten by now',
  unreachable: 'the provider is away',
  postponed: 'it waits for its turn',
  retry: 'it will be tried again',
  uncertain: 'the provider may have it or not',
  dropped: 'not sent',
  merged: 'collected with others',
}

/** Why something did not happen, in words. */
export function reasonInWords(reason: unknown): string {
  const word = String(reason ?? '')
  const [, condition] = /^condition: (.*)$/s.exec(word) ?? []
  if (condition !== undefined) return `${REASONS.condition}: ${condition}`
  return REASONS[word] ?? word.replaceAll('_', ' ')
}

/** Why a message became no notification of its own, as its trace has it. */
export function leftOutInWords({ reason, detail }: LeftOut): string {
  const special = REASONS[`${reason}_${detail}`]
  return special ?? reasonInWords(reason) + (detail ? ` (${detail})` : '')
}

interface LeftOut {
  readonly reason?: unknown
  readonly detail?: unknown
}

/** How far something has come, in words. */
export function stateInWords(state: unknown): string {
  const word = String(state ?? '')
  return STATES[word] ?? word.replaceAll('_', ' ')
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `1 alert`, `2 alerts`, `12,000 alerts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
