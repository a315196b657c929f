import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { allMailsArrive, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { type Outgoing, Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = 200
const USER = 'notifications/realtime/user'
const MAIL = 'notifications/email/send'

/** What a publisher may get wrong, and how it is called. */
const POISON: readonly (readonly [code: string, topic: string, payload: string | Buffer])[] = [
  ['invalid_json', MAIL, '{"to":"a@example.com",'],
  ['invalid_payload', MAIL, Buffer.from([0xff, 0xfe, 0x00, 0x7b])],
  ['invalid_json', `${USER}/42`, '{"message":'],
  ['invalid_payload', MAIL, '[]'],
  ['invalid_payload', MAIL, 'null'],
  ['invalid_payload', MAIL, '{}'],
  ['invalid_payload', MAIL, '{"to":7,"subject":{},"body":[]}'],
  ['invalid_payload', MAIL, '{"to":"nobody","subject":"x","body":"x"}'],
  ['invalid_payload', `${USER}/42`, '{"title":"no message"}'],
  ['invalid_payload', `${USER}/42`, '{"message":"x","priority":"urgent"}'],
  ['invalid_payload', `${USER}/42`, `${'['.repeat(1000)}${']'.repeat(1000)}`],
  ['invalid_payload', MAIL, `{"to":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ['invalid_payload', MAIL, '{"__proto__":{"to":"a@example.com","subject":"x","body":"x"}}'],
  ['invalid_payload', `${USER}/not an id`, '{"message":"x"}'],
]
const ROUNDS = 5

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const CASES: readonly Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

it.for(CASES)(
  'poison messages among good ones, on %s parts, stall nobody and do not come back',
  async (parts) => {
    const plan = planMessages(MESSAGES)
    const stage = await Stage.open({ parts })
    try {
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.service.mqttUrl, { window: 20 })
      const startedAt = performance.now()
      await sender.send(mix(plan.messages))
      await allMailsArrive(stage, MESSAGES, 90_000)
      const tookMs = performance.now() - startedAt
      const wanted = POISON.length * ROUNDS
      await waitFor(async () => (await deadLetters(stage)).length >= wanted, {
        message: 'dead letters are missing',
      })
      const letters = await deadLetters(stage)
      expect(tally(letters.map(({ code }) => code))).toEqual(
        tally(
          POISON.map(([code]) => code),
          ROUNDS,
        ),
      )
      expect(sender.reconnects).toBe(0)

      // What was refused was acknowledged all the same: the broker has none of it left.
      await stage.service.restart('SIGKILL')
      await sender.send([{ topic: `${USER}/after`, payload: { message: 'after' }, qos: 1 }])
      await waitFor(
        async () => (await stage.http('GET', '/api/notifications?user_id=after')).data.length,
        {
          deadlineMs: 90_000,
          message: 'the pool is stalled',
        },
      )
      expect(await deadLetters(stage)).toHaveLength(wanted)
      note(`poison messages, ${parts}`, {
        good: MESSAGES,
        poison: wanted,
        'took ms': Math.round(tookMs),
      })
      await sender.close()
      await stage.quiet(90_000)
      await settleExactly(stage, plan)
      expect(stage.crashes()).toEqual([])
    } finally {
      await stage.close()
    }
  },
)

/** Good messages with a poison one after every few, at both QoS. */
function mix(good: readonly Outgoing[]): Outgoing[] {
  const bad = Array.from({ length: ROUNDS }, (_, round) =>
    POISON.map(([, topic, payload], n): Outgoing => {
      return { topic, payload, qos: (round + n) % 2 === 0 ? 1 : 2 }
    }),
  ).flat()
  const every = Math.ceil(good.length / bad.length)
  return good
    .flatMap((message, n) => {
      const next = n % every === 0 ? bad.shift() : undefined
      return next ? [next, message] : [message]
    })
    .concat(bad)
}

async function deadLetters(stage: Stage): Promise<{ code: string }[]> {
  const { data } = await stage.http('GET', '/api/dead-letters?limit=100')
  return data
}

function tally(words: readonly string[], times = 1): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + times
  return counts
}
