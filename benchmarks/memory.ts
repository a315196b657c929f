import { SERVERS, type Served, type ServedName, Stage } from './realtime/served.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

/** Connected before memory is looked at: what a process needs once is not a connection's price. */
const WARM_UP = 2000
const IDLE = 4000

/** What a connection that does nothing costs, its session in the store included, against a socket of `ws`. */
export const memory: Question = {
  name: 'memory',
  asks: 'What does an idle connection cost?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const arm = (name: ServedName) => () => perConnection(SERVERS[name])
  const { ws, native, pusher } = await interleave(quick ? 1 : 5, {
    ws: arm('ws'),
    native: arm('native'),
    pusher: arm('pusher'),
  })
  const finding = (what: string, ours: readonly number[]) =>
    compare({ what, unit: 'bytes', against: 'a bare ws', must: ['<=', 1.3] }, ours, ws)
  return [finding('an idle connection, native', native), finding('the same, Pusher', pusher)]
}

async function perConnection(served: Served): Promise<number> {
  const stage = await Stage.set({ ...served, quietMs: 300 })
  try {
    await stage.open(WARM_UP, { joins: false })
    const before = await stage.memory()
    await stage.open(IDLE, { joins: false })
    return ((await stage.memory()) - before) / IDLE
  } finally {
    await stage.clear()
  }
}
