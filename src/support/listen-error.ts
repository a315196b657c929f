/** Where somebody wanted to listen, and the variable that says so. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
  readonly variable: string
}

const REASONS: Readonly<Record<string, (address: ListenAddress) => string>> = {
  EADDRINUSE: ({ host, port, variable }) =>
    `Port ${port} on ${host} is taken. Stop what listens there, or set ${variable} to another port.`,
  EACCES: ({ host, port, variable }) =>
    `Listening on port ${port} of ${host} is not permitted. Set ${variable} to a port above 1023.`,
  EADDRNOTAVAIL: ({ host, variable }) =>
    `${host} is no address of this machine. Set ${variable.replace(/_PORT$/, '_HOST')} to one that is.`,
}

/** An error of `listen` in words that say what to change; others as they are. */
export function listenError(error: unknown, address: ListenAddress): Error {
  const code = (error as { code?: unknown } | null)?.code
  const reason = typeof code === 'string' ? REASONS[code] : undefined
  if (reason) return new Error(reason(address), { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}
