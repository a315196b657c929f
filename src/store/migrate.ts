import type { Logger } from '../support/logger.ts'
import { Keys } from './keys.ts'
import type { Store } from './store.ts'

/** Where a store says of which version it is. */
export const VERSION_KEY = new Keys().setting('data_version')
const PARTITION = 0
/** Of stores that say none: the first release wrote none. */
const FIRST = 1

/**
 * A step forward in how things are kept. It may be cut short, run again, and run in
 * two processes at once; until it is through, the store says that it is not.
 */
export interface Migration {
  /** The version that the store has afterwards: one more than before. */
  readonly to: number
  /** What it does, for the log. */
  readonly about: string
  readonly run: (store: Store) => Promise<void>
}

/** The version that a list of migrations leads to. */
export function versionAfter(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.to ?? FIRST
}

/** In which version things are kept; `null`: nothing is kept yet. */
export async function dataVersion(store: Store): Promise<number | null> {
  const text = await store.get(PARTITION, VERSION_KEY)
  if (text !== null) return Number(text)
  const { done } = await store.keys()[Symbol.asyncIterator]().next()
  return done ? null : FIRST
}

/** Says in which version things are kept. `before`: what it must have said, `null` for nothing. */
export async function setDataVersion(
  store: Store,
  version: number,
  before: string | null,
): Promise<void> {
  await store.commit({
    partition: PARTITION,
    guards: [['expect', VERSION_KEY, before]],
    ops: [['set', VERSION_KEY, String(version), 0]],
  })
}

/**
 * Brings a store to the version of this release, a step at a time. Throws when a
 * newer release wrote it: that one knows things which this one would lose.
 */
export async function migrate(
  store: Store,
  { migrations, log }: { readonly migrations: readonly Migration[]; readonly log: Logger },
): Promise<void> {
  const ours = versionAfter(migrations)
  const found = await dataVersion(store)
  if (found === null) return setDataVersion(store, ours, null)
  if (found > ours) {
    throw new Error(
      `The store ${store.description} was written by a newer release: its data are version ${found}, this release reads up to ${ours}. Start that release, or restore a backup of before.`,
    )
  }
  for (const { to, about, run } of migrations.filter(({ to }) => to > found)) {
    log.info({ to, about }, 'the store is brought up to date')
    await run(store)
    await setDataVersion(store, to, await store.get(PARTITION, VERSION_KEY))
  }
}
