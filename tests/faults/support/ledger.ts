import { expect } from 'vitest'
import type { ReceivedMail } from '../../support/smtp.ts'
import { waitFor } from '../../support/wait-for.ts'
import type { Plan } from './messages.ts'
import type { Stage } from './stage.ts'
import { type Json, StoreView } from './store-view.ts'

const FINAL = ['sent', 'delivered', 'read', 'failed', 'skipped', 'canceled', 'uncertain']

/** How often each mail `mail <n>` arrived. */
export function mailCounts(mails: readonly ReceivedMail[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { raw } of mails) {
    const n = Number(/^Subject: mail (\d+)\r?$/m.exec(raw)?.[1] ?? Number.NaN)
    counts.set(n, (counts.get(n) ?? 0) + 1)
  }
  return counts
}

/** How many more mails arrived than there are different ones. */
export function duplicateMails(mails: readonly ReceivedMail[]): number {
  return mails.length - mailCounts(mails).size
}

/** Waits until mails 0 to `total` - 1 have arrived; says which did not. */
export async function allMailsArrive(stage: Stage, total: number, deadlineMs: number) {
  const arrived = () => mailCounts(stage.smtp.mails)
  try {
    await waitFor(() => arrived().size >= total, { deadlineMs })
  } catch (error) {
    const counts = arrived()
    const missing = Array.from({ length: total }, (_, n) => n).filter((n) => !counts.has(n))
    throw new Error(`${missing.length} mails are missing: ${missing.slice(0, 50)}`, {
      cause: error,
    })
  }
}

/** How often each number of a plan is in the inboxes; checks unread counts against records. */
export async function inboxCounts(stage: Stage, users: readonly string[]) {
  const counts = new Map<number, number>()
  for (const user of users) {
    const page = await stage.http('GET', `/api/notifications?user_id=${user}&limit=100`)
    expect(page.next_cursor, `${user} has more than a page`).toBeNull()
    const unread = page.data.filter((record: Json) => !record.read).length
    expect(page.unread_count, `unread count of ${user}`).toBe(unread)
    for (const { data } of page.data) counts.set(data.n, (counts.get(data.n) ?? 0) + 1)
  }
  return counts
}

/** Numbers of `wanted` that do not occur, and the surplus of those that occur more than once. */
export function compare(wanted: readonly number[], counts: ReadonlyMap<number, number>) {
  const lost = wanted.filter((n) => !counts.has(n))
  const total = wanted.reduce((sum, n) => sum + (counts.get(n) ?? 0), 0)
  const known = new Set(wanted)
  const strange = [...counts.keys()].filter((n) => !known.has(n))
  return { lost, strange, duplicates: total - (wanted.length - lost.length) }
}

/**
 * Everything that was planned happened exactly once: inboxes and unread counts,
 * records, one mail job each in a final state, each mail at the server at least
 * once; no lease, no queue entry is left. Stops the services to look into the store.
 */
export async function settleExactly(stage: Stage, plan: Plan): Promise<void> {
  const inboxes = compare(plan.notifications, await inboxCounts(stage, plan.users))
  expect(inboxes).toEqual({ lost: [], strange: [], duplicates: 0 })

  await Promise.all(stage.services.map((service) => service.stop()))
  const store = await StoreView.read(stage.service)
  const all = store.records(/^notification:[^:]+$/)
  const records = all.filter(({ user_id }) => plan.users.includes(user_id))
  expect(records).toHaveLength(plan.notifications.length)
  expect(new Set(records.map(({ data }) => data.n)).size).toBe(records.length)

  const jobs = store.records(/^email_job:/)
  const subjects = new Set(jobs.map(({ subject }) => subject))
  expect(jobs).toHaveLength(plan.messages.length)
  expect(subjects.size).toBe(plan.messages.length)
  expect(jobs.filter(({ status }) => !FINAL.includes(status))).toEqual([])
  expect(jobs.filter(({ status }) => status !== 'sent')).toEqual([])
  expect(nothingHeld(store)).toEqual([])

  const numbers = plan.messages.map((_, n) => n)
  const mails = compare(numbers, mailCounts(stage.smtp.mails))
  expect(mails.lost).toEqual([])
  expect(mails.strange).toEqual([])
}

/** Names of queue keys that still hold something. */
export function nothingHeld(store: StoreView): string[] {
  return store.names(/_queue:(critical|high|normal|low|scheduled|leases|failed)$/)
}
