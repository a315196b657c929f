import { EventDispatcher } from '../src/events/dispatcher.ts'
import { Event } from '../src/events/event.ts'
import { ListenerTable } from '../src/events/listener-table.ts'
import { systemClock as clock } from '../src/support/clock.ts'
import { createLogger } from '../src/support/logger.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

const LISTENERS = 100

class OrderShipped extends Event {}

/** One event to a hundred listeners, against a loop that awaits each in a try and catch. */
export const listeners: Question = {
  name: 'listeners',
  asks: 'What does an event to 100 listeners cost beside calling them in a loop?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const events = quick ? 2_000 : 10_000
  let calls = 0
  const functions = Array.from({ length: LISTENERS }, () => async () => {
    calls += 1
  })
  const log = createLogger('silent')
  const dispatcher = new EventDispatcher({ clock, log, table: new ListenerTable() })
  for (const each of functions) dispatcher.listen(OrderShipped, each)
  const loop = async () => {
    for (const each of functions) {
      try {
        await each()
      } catch (error) {
        log.error({ err: error }, 'failed')
      }
    }
  }
  const figures = await interleave(quick ? 7 : 21, {
    dispatcher: () => microseconds(events, () => dispatcher.dispatch(new OrderShipped())),
    loop: () => microseconds(events, loop),
  })
  if (calls === 0) throw new Error('nobody was asked')
  const about = { what: 'an event', unit: 'µs', against: 'a loop of try, await, catch' }
  return [compare({ ...about, must: ['<=', 2] }, figures.dispatcher, figures.loop)]
}

/** Microseconds for each of so many runs. */
async function microseconds(times: number, run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  for (let done = 0; done < times; done++) await run()
  return ((performance.now() - startedAt) * 1000) / times
}
