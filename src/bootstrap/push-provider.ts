import { ApnsSession } from '../../services/channels/apns-session.ts'
import type { Provider } from '../../services/channels/channel.ts'
import { FcmAccount } from '../../services/channels/fcm-account.ts'
import {
  readServiceAccount,
  type ServiceAccount,
  serviceAccount,
} from '../../services/channels/google-token.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { PushProvider } from '../../services/channels/push.ts'
import { ApnsPush } from '../../services/channels/push-apns.ts'
import type { PushCarrier } from '../../services/channels/push-carrier.ts'
import { FcmPush } from '../../services/channels/push-fcm.ts'
import type { CarrierName } from '../../services/channels/push-routing.ts'
import { WebPush } from '../../services/channels/web-push.ts'
import type { FcmConfig } from '../config/providers-config.ts'
import type { ProviderParts } from './provider-parts.ts'

const APPLE = 'https://api.push.apple.com'

/** Push notifications by the services that are configured; `null`: none is. */
export function pushProvider(parts: ProviderParts, outbox: Provider): PushProvider | null {
  const { config, services, breakers, clock } = parts
  const makers = carriersOf(parts)
  const carriers: ConstructorParameters<typeof PushProvider>[0]['carriers'] = {}
  for (const name of config.providers.order.push as readonly CarrierName[]) {
    const carrier = makers[name]?.()
    if (carrier) carriers[name] = { carrier, breaker: breakers.add('push', name) }
  }
  if (Object.keys(carriers).length === 0) return null
  const { directory, inbox } = services
  return new PushProvider({
    ...{ carriers, outbox, directory, clock },
    unreadCount: (user) => inbox.unreadCount(user),
  })
}

function carriersOf({ config, clock }: ProviderParts) {
  const { fcm, apns, vapid } = config.providers
  const sender = new GuardedSender({ clock, allow: config.outboundAllow })
  return {
    fcm() {
      if (fcm === null) return null
      const { apiUrl } = fcm
      const readAccount = () => serviceAccountOf(fcm)
      const account = new FcmAccount({ readAccount, apiUrl, sender, clock })
      return new FcmPush({ account, clock })
    },
    apns() {
      if (apns === null) return null
      const session = new ApnsSession({ url: apns.apiUrl ?? APPLE, clock })
      return new ApnsPush({ ...apns, session, clock })
    },
    webpush: () => (vapid === null ? null : new WebPush({ vapid, sender, clock })),
  } satisfies Record<CarrierName, () => PushCarrier | null>
}

/** The service account of a Firebase project. Throws when its file cannot be read. */
export function serviceAccountOf({ credentialsFile, account, apiUrl }: FcmConfig): ServiceAccount {
  const given =
    credentialsFile === null ? serviceAccount(account!) : readServiceAccount(credentialsFile)
  return apiUrl === null ? given : { ...given, tokenUrl: `${apiUrl}/token` }
}
