const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Ends the process on SIGINT and SIGTERM with 0, until the returned function is called: before the
 * service is ready nothing was promised. The first process of a container hears only the signals
 * that it listens to, and would be killed after a wait.
 */
export function endOnSignals(): () => void {
  const end = () => process.exit(0)
  for (const signal of SIGNALS) process.on(signal, end)
  return () => {
    for (const signal of SIGNALS) process.off(signal, end)
  }
}
