import { AppCredentials } from '../broadcasting/app-credentials.ts'
import type { Config } from '../config.ts'

/** The application at the remote service; `null`: there is none. */
export function pusherCredentials({
  broadcast,
  app,
}: Pick<Config, 'broadcast' | 'app'>): AppCredentials | null {
  if (broadcast.pusher === null) return null
  const { appId: id, key, secret } = broadcast.pusher
  return new AppCredentials({ id, key, secret, encryptionKey: app.encryptionKey })
}
