import { Child } from './support/child.ts'
import { AT_ONCE, type DeliveriesCommand } from './support/deliveries-command.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

/**
 * How many deliveries a vendor that answers in 20 ms has in hand on average,
 * against as many as a worker may have; and mails per second through queue,
 * worker and provider, against nodemailer's own pool of five connections with as
 * many mails in flight.
 */
export const deliveries: Question = {
  name: 'deliveries',
  asks: 'Do deliveries keep vendors busy?',
  needs: [],
  ask,
}

interface Sinks {
  readonly vendorUrl: string
  readonly smtpUrl: string
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const { child: sinks, hello } = await Child.start<Sinks>('peers/sinks.ts')
  const { child: own } = await Child.start('peers/own-deliveries.ts', [
    hello.vendorUrl,
    hello.smtpUrl,
  ])
  const rate = async (command: DeliveriesCommand) => {
    const { ms } = await own.ask<{ ms: number }>(command)
    return (command.count * 1000) / ms
  }
  const occupied = async (count: number) => {
    await own.ask({ do: 'webhooks', count } satisfies DeliveriesCommand)
    return (await sinks.ask<{ average: number }>({})).average
  }
  const [mails, webhooks] = quick ? [1_000, 5_000] : [5_000, 20_000]
  try {
    await occupied(1_000)
    await rate({ do: 'mails', count: 500 })
    await rate({ do: 'bare_mails', count: 500 })
    const figures = await interleave(quick ? 3 : 5, {
      occupied: () => occupied(webhooks),
      limit: () => Promise.resolve(AT_ONCE),
      ours: () => rate({ do: 'mails', count: mails }),
      bare: () => rate({ do: 'bare_mails', count: mails }),
    })
    const must = ['>=', 0.9] as const
    return [
      compare(
        { what: 'webhooks in hand', unit: 'of them', against: 'at most', must },
        figures.occupied,
        figures.limit,
      ),
      compare(
        { what: 'mails', unit: 'mails/s', against: "nodemailer's own pool", must },
        figures.ours,
        figures.bare,
      ),
    ]
  } finally {
    await Promise.all([own, sinks].map((child) => child.stop()))
  }
}
