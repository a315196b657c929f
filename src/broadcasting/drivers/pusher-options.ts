import { AppCredentials } from '../app-credentials.ts'
import type { Broadcaster } from '../broadcaster.ts'
import { PusherBroadcaster } from './pusher.ts'

type Options = Readonly<Record<string, unknown>>

/** `{appId, key, secret, cluster?, host?, port?, useTls?, encryptionKey?}`. */
export function pusherFrom(options: Options): Broadcaster {
  const { cluster = 'mt1', host = `api-${cluster}.pusher.com`, useTls = true } = options
  const { scheme = useTls === true ? 'https' : 'http', port } = options
  const server = port === undefined ? String(host) : `${host}:${port}`
  return new PusherBroadcaster({
    credentials: credentialsFrom(options, { id: null, key: null }),
    baseUrl: `${scheme}://${server}`,
  })
}

/** A gateway in another process: `{host?, port?, secret, appId?, key?}`; its port is 6001 unless said. */
export function remoteGatewayFrom(options: Options): Broadcaster {
  const { host = '127.0.0.1', port = 6001, useTls = false } = options
  const name = ['0.0.0.0', '::'].includes(String(host)) ? '127.0.0.1' : String(host)
  return new PusherBroadcaster({
    credentials: credentialsFrom(options, { id: 'belfry', key: 'belfry' }),
    baseUrl: `${useTls === true ? 'https' : 'http'}://${name}:${port}`,
  })
}

function credentialsFrom(
  { appId, key, secret, encryptionKey }: Options,
  usual: { readonly id: string | null; readonly key: string | null },
): AppCredentials {
  const given = { app_id: appId ?? usual.id, key: key ?? usual.key, secret }
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new Error(`This connection needs ${name}.`)
    }
  }
  return new AppCredentials({
    id: String(given.app_id),
    key: String(given.key),
    secret: String(secret),
    encryptionKey: typeof encryptionKey === 'string' ? encryptionKey : null,
  })
}
