import { existsSync } from 'node:fs'
import { serverAvailable } from '../tests/support/servers.ts'
import { SERVERS, type Served, type ServedName, Stage } from './realtime/served.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

const CLIENTS = 5000
const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so'

interface Figures {
  /** Deliveries per second. */
  readonly single: number
  readonly burst: number
}

/**
 * One event, and eight within a turn, to all clients until the last has them;
 * against a bare loop over `ws`, Socket.IO's own broadcast, and nginx with nchan.
 */
export const fanOut: Question = {
  name: 'fan-out',
  asks: 'How fast is one event at all clients?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const repeats = quick ? 8 : 20
  const rounds = quick ? 1 : 3
  const arm = (name: ServedName) => () => measure(SERVERS[name], repeats)
  const figures = await interleave<Exclude<ServedName, 'nchan'>, Figures>(rounds, {
    ws: arm('ws'),
    native: arm('native'),
    pusher: arm('pusher'),
    socketIo: arm('socketIo'),
  })
  const hasNchan = serverAvailable('nginx') && existsSync(NCHAN)
  const { nchan } = hasNchan ? await interleave(rounds, { nchan: arm('nchan') }) : { nchan: [] }
  return findingsOf({ ...figures, nchan })
}

function findingsOf(figures: Readonly<Record<ServedName, readonly Figures[]>>): Finding[] {
  const finding = (
    [what, ours, figure]: readonly [string, ServedName, keyof Figures],
    [yardstick, against]: readonly [ServedName, string],
    must: Finding['must'],
  ) =>
    compare(
      { what, unit: 'deliveries/s', against, must },
      figures[ours].map((each) => each[figure]),
      figures[yardstick].map((each) => each[figure]),
    )
  const ws = ['ws', 'a bare loop over ws'] as const
  const io = ['socketIo', 'socket.io’s own broadcast'] as const
  const nchan = ['nchan', 'nginx with nchan'] as const
  const to = `fan-out to ${CLIENTS} clients`
  return [
    finding([`${to}, native`, 'native', 'single'], ws, ['>=', 0.9]),
    finding([`${to}, Pusher`, 'pusher', 'single'], ws, ['>=', 0.9]),
    finding(['bursts of eight, native', 'native', 'burst'], ws, ['>=', 3]),
    finding(['bursts of eight, Pusher', 'pusher', 'burst'], ws, ['>=', 3]),
    finding([`${to}, native`, 'native', 'single'], io, ['>=', 1]),
    finding([`${to}, Pusher`, 'pusher', 'single'], io, ['>=', 1]),
    ...(figures.nchan.length === 0
      ? []
      : [finding([`${to}, native`, 'native', 'single'], nchan, ['>=', 0.9])]),
  ]
}

async function measure(served: Served, repeats: number): Promise<Figures> {
  const stage = await Stage.set(served)
  async function rate(count: number): Promise<number> {
    for (let n = 0; n < 5; n++) await stage.deliver(count, CLIENTS)
    let elapsed = 0
    for (let n = 0; n < repeats; n++) elapsed += await stage.deliver(count, CLIENTS)
    return (CLIENTS * count * repeats * 1000) / elapsed
  }
  try {
    await stage.open(CLIENTS, { joins: true })
    return { single: await rate(1), burst: await rate(8) }
  } finally {
    await stage.clear()
  }
}
