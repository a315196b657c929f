import { startApp } from './bootstrap/app.ts'
import { banner } from './bootstrap/banner.ts'
import { ConfigError, loadConfig, readEnvironment } from './config.ts'
import { BelfryError } from './support/errors.ts'
import { createLogger } from './support/logger.ts'

/**
 * Runs the service until it is told to stop: SIGINT and SIGTERM end it
 * gracefully, a second one at once. `onReady` is called when it listens to them;
 * rejects when it cannot start.
 */
export async function runService({ onReady }: { readonly onReady: () => void }): Promise<void> {
  const startedAt = performance.now()
  const config = loadConfig(readEnvironment())
  const log = createLogger(config.logLevel)
  for (const warning of config.warnings) log.warn(warning)

  const app = await startApp({ config, log }).catch((error: unknown) => {
    if (error instanceof BelfryError || error instanceof ConfigError) throw new Error(error.message)
    throw error
  })
  process.stdout.write(banner(app, performance.now() - startedAt))

  let isStopping = false
  const { promise: stopped, resolve } = Promise.withResolvers<void>()
  const stop = (signal: string) => {
    if (isStopping) process.exit(130)
    isStopping = true
    log.info({ signal }, 'stopping')
    // Whatever hangs, the process does not.
    setTimeout(() => process.exit(1), config.shutdownMs + 1000).unref()
    app.stop().then(resolve, (error: unknown) => {
      log.error({ err: error }, 'could not stop cleanly')
      process.exit(1)
    })
  }
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGTERM', () => stop('SIGTERM'))
  onReady()
  process.on('SIGHUP', () => {
    app.reload().then(
      (report) => log.info(report, 'files read again'),
      (error: unknown) => log.error({ err: error }, 'files could not be read again'),
    )
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error nobody expected; the process ends')
    process.exit(1)
  })
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'a rejection nobody handled')
  })
  await stopped
  // What a server that is away holds open must not hold us.
  process.exit()
}
