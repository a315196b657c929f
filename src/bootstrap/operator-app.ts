import { keptSecret } from '../../services/access/kept-secret.ts'
import type { OwnApp } from '../../services/access/tenant-app.ts'
import type { Config } from '../config.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { Conflict } from '../support/errors.ts'

interface Parts {
  readonly config: Pick<Config, 'app'>
  readonly store: Store
  readonly keys: Keys
}

/** The secret of the installation's application: as it is set, else generated once and kept. */
export async function appSecret({ config, ...kept }: Parts): Promise<string> {
  return config.app.secret ?? (await keptSecret(kept, 'app_secret'))
}

/** The application of the installation, which is set by its environment. */
export function operatorApp(parts: Parts): OwnApp {
  const { id: app_id, key } = parts.config.app
  return {
    show: async () => ({ app_id, key, secret: await appSecret(parts) }),
    async rotate() {
      throw new Conflict(
        'This application is that of the installation: set BELFRY_APP_KEY and BELFRY_APP_SECRET, and start it again.',
      )
    },
  }
}
