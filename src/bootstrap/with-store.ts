import type { Store } from '../store/store.ts'

/** Opens the configured store for one command. */
export async function withStore<Result>(use: (store: Store) => Promise<Result>): Promise<Result> {
  const { loadConfig, readEnvironment } = await import('../config.ts')
  const { openStore } = await import('./open-store.ts')
  const { systemClock } = await import('../support/clock.ts')
  const { createLogger } = await import('../support/logger.ts')
  const config = loadConfig(readEnvironment())
  const { store, bus } = await openStore(config, { clock: systemClock, log: createLogger('warn') })
  try {
    return await use(store)
  } finally {
    await bus.close()
    await store.close()
  }
}
