/** How thoroughly to look. */
export interface Effort {
  /** Fewer rounds and smaller loads: for a look, not for figures to be quoted. */
  readonly quick: boolean
}

/** What came out: ours against a yardstick that was measured beside it. */
export interface Finding {
  readonly what: string
  readonly unit: string
  readonly ours: number
  readonly yardstick: number
  /** What the yardstick is. */
  readonly against: string
  /** Ours divided by the yardstick, medians of both. */
  readonly ratio: number
  /** What the ratio must be, as `['>=', 0.6]`. */
  readonly must: readonly ['>=' | '<=', number]
}

/** One question of the benchmark. */
export interface Question {
  readonly name: string
  readonly asks: string
  /** Programs that it needs beside Node. */
  readonly needs: readonly ('mosquitto' | 'redis-server')[]
  ask(effort: Effort): Promise<readonly Finding[]>
}

export function holds({ ratio, must: [relation, bound] }: Finding): boolean {
  return relation === '>=' ? ratio >= bound : ratio <= bound
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** The value below which a share (0 to 1) of the values lies. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN
}

type Arms<Name extends string, Figure> = Readonly<Record<Name, () => Promise<Figure>>>

/** Measures A B A B A B, so that what the machine does meanwhile meets all of them alike. */
export async function interleave<Name extends string, Figure>(
  rounds: number,
  arms: Arms<Name, Figure>,
): Promise<Record<Name, Figure[]>> {
  const names = Object.keys(arms) as Name[]
  const figures = Object.fromEntries(names.map((name) => [name, [] as Figure[]]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) figures[name]?.push(await arms[name]())
  }
  return figures as Record<Name, Figure[]>
}

/** Compares medians. */
export function compare(
  finding: Omit<Finding, 'ours' | 'yardstick' | 'ratio'>,
  ours: readonly number[],
  yardstick: readonly number[],
): Finding {
  const [a, b] = [median(ours), median(yardstick)]
  return { ...finding, ours: a, yardstick: b, ratio: a / b }
}
