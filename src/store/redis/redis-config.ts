/** Where Redis is and how to get in; `src/config` reads it from the environment. */
export interface RedisConfig {
  readonly mode: 'single' | 'sentinel' | 'cluster'
  /** The server, the sentinels, or some members of the cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly db: number
  readonly username: string | null
  readonly password: string | null
  /** `null`: not encrypted. `ca` is PEM text; `null` stands for the system's authorities. */
  readonly tls: { readonly ca: string | null } | null
  /** What sentinels call the master; `null` unless the mode is `sentinel`. */
  readonly sentinelName: string | null
  readonly sentinelPassword: string | null
  /** Put before every key; never holds braces. */
  readonly prefix: string
  readonly partitions: number
}

/** The address for people, without credentials. */
export function describeRedis({ mode, nodes, tls, db }: RedisConfig): string {
  const scheme = tls ? 'rediss' : 'redis'
  const addresses = nodes.map(({ host, port }) => `${scheme}://${host}:${port}`).join(',')
  return mode === 'single' ? `${addresses}/${db}` : `${mode} ${addresses}`
}
