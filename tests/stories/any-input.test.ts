import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { Core } from '../support/core.ts'
import { waitFor } from '../support/wait-for.ts'
import { TOPICS } from './topic-table.ts'

const core = new Core()
afterAll(() => core.stop())

/** Few names, so that messages meet what others left, and names that nobody can have. */
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c@d.e', 'web', 'android') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
)
const patterns = core.router.table.map(({ pattern }) => pattern)
const topic = fc
  .tuple(fc.constantFrom(...patterns), name)
  .map(([pattern, word]) => pattern.replace(/\{\w+\}/, word.replace(/[+#/\0]/g, '_')))

const FIELDS = [...new Set(TOPICS.flatMap(({ payload }) => Object.keys(payload('a', 'a'))))]
const MORE_FIELDS = [
  ...['title', 'type', 'priority', 'data', 'channels', 'send_at', 'expires_at', 'actions', 'token'],
  ...['collapse_key', 'idempotency_key', 'reply_to', 'correlation_id', '__proto__', 'constructor'],
  ...['action', 'labels', 'dedup_key', 'html_body', 'cc', 'attachments', 'tokens', 'recipients'],
]
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.double(),
  fc.constantFrom('high', 'a@b.example', '+12025550123', 'resolve', 0, -1, 4e9, 1e300, [], {}),
)
const field = fc.constantFrom(...FIELDS, ...MORE_FIELDS)

/** Words for parameters that must name something; ids are put in when they are known. */
const FITTING: Readonly<Record<string, string>> = {
  '{platform}': 'web',
  '{alert_id}': 'AN-ALERT',
  '{id}': 'A-MAIL',
}

/** A payload of the table in which some fields are something else. */
const nearlyRight = fc
  .tuple(fc.constantFrom(...TOPICS), fc.dictionary(field, value, { maxKeys: 4 }))
  .map(([story, changes]) => ({
    topic: story.pattern.replace(/\{\w+\}/, (parameter) => FITTING[parameter] ?? 'a'),
    payload: JSON.stringify({ ...story.payload('a', 'a'), ...changes }),
  }))
const anything = fc.record({
  topic,
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }),
    fc.json({ maxDepth: 8 }),
    fc.dictionary(fc.oneof(field, fc.string()), value).map((object) => JSON.stringify(object)),
  ),
})

interface Ids {
  readonly alert: string
  readonly mail: string
}

/** An open alert and a mail for later. */
async function somethingToActOn(): Promise<Ids> {
  const alert = await core.ask('notifications/alerts/critical/heat', { message: 'Hot' })
  const later = { to: 'a@b.example', subject: 'S', body: 'B', send_at: Date.now() / 1000 + 9999 }
  const mail = await core.ask('notifications/email/send', later)
  return { alert: String(alert.alert_id), mail: String(mail.email_id) }
}

const fill = (text: string, { alert, mail }: Ids) =>
  text.replace('AN-ALERT', alert).replace('A-MAIL', mail)

describe('any message on any route', () => {
  it('[X-10 S1-023] ends as handled or refused, never as an error of ours', async () => {
    const ids = await somethingToActOn()
    const batch = fc.array(fc.oneof(anything, nearlyRight), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(batch, async (messages) => {
        const ends = await Promise.all(
          messages.map((one) => core.take(fill(one.topic, ids), one.payload)),
        )
        expect(['handled', 'refused']).toEqual(expect.arrayContaining(ends))
        expect(core.errors).toEqual([])
      }),
      { numRuns: 400 },
    )
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('[X-10 S1-071] leaves nothing behind on which a worker breaks', async () => {
    await core.work()
    await waitFor(
      async () => {
        const queues = await core.services.queues.list()
        const open = queues.flatMap(({ ready, in_flight }) => [...Object.values(ready), in_flight])
        return open.every((count) => count === 0)
      },
      { deadlineMs: 30_000, message: 'jobs are left' },
    )
    expect(core.errors).toEqual([])
    const failed = (await core.services.queues.list()).filter(({ failed: count }) => count > 0)
    expect(failed).toEqual([])
  })

  it('[X-10] leaves a service that does its work', async () => {
    for (const { pattern, payload, reply, prepare } of TOPICS.slice(0, 3)) {
      expect(prepare).toBeDefined()
      const topicOf = pattern.replace(/\{\w+\}/, 'nobody-else')
      const answer = await core.ask(topicOf, payload('nobody-else', 'nobody-else'))
      expect(answer.status).toEqual((reply('x', 'x') as { status: string }).status)
    }
    const { data } = await core.services.inbox.list('nobody-else', {}, 10, null)
    expect(data).toMatchObject([{ message: 'Hello nobody-else', read: false }])
  })
})
