import { type ComputedRef, computed, onMounted, onScopeDispose, type Ref, shallowRef } from 'vue'
import type { ClientError, NotificationClient } from '../core/index.ts'
import { type UseNotifications, useNotifications } from './use-notifications.ts'

const ADMIN_ROLES = ['super_admin', 'csr_admin', 'finance_admin', 'hr_manager']
const ADMIN_CHANNELS = [
  ...['admin-dashboard', 'system-maintenance'],
  ...['compliance-notifications', 'payment-notifications'],
]

interface Options {
  readonly client?: NotificationClient
  /** What the user may do: it decides which channels are joined. */
  readonly roles?: readonly string[]
  /** Further broadcast channels to join. */
  readonly channels?: readonly string[]
  /** An event of one of the channels: `donation.large`, `campaign.milestone` … */
  readonly onEvent?: (event: string, data: unknown, channel: string) => void
}

export type UseNotificationWebSocket = UseNotifications & {
  /** The same as `connectionState`. */
  readonly connectionStatus: ComputedRef<string>
  /** The channels that are listened to. */
  readonly channels: readonly string[]
  /** What went wrong last: a channel that may not be joined, a token that ended. */
  readonly lastError: Ref<ClientError | null>
  readonly connect: () => Promise<void>
  readonly disconnect: () => void
}

/** Notifications, and the broadcast channels that somebody with these roles listens to. */
export function useNotificationWebSocket(options: Options = {}): UseNotificationWebSocket {
  const { onEvent, roles = [] } = options
  const notifications = useNotifications(options.client)
  const { client } = notifications
  const channels = [...new Set([...channelsOf(roles), ...(options.channels ?? [])])]
  const lastError = shallowRef<ClientError | null>(null)
  const stops: (() => void)[] = []
  onMounted(() => {
    const listen = (channel: string) =>
      client.channel(channel, (event, data) => onEvent?.(event, data, channel))
    const onError = (error: ClientError) => {
      lastError.value = error
    }
    stops.push(client.on('error', onError), ...channels.map(listen))
  })
  onScopeDispose(() => {
    for (const stop of stops.splice(0)) stop()
  })
  return {
    ...notifications,
    connectionStatus: computed(() => notifications.connectionState.value),
    ...{ channels, lastError },
    connect: () => client.connect(),
    disconnect: () => client.disconnect(),
  }
}

function channelsOf(roles: readonly string[]): readonly string[] {
  const admin = roles.filter((role) => ADMIN_ROLES.includes(role))
  if (admin.length === 0) return []
  const security = admin.includes('super_admin') ? ['security-alerts'] : []
  return [...ADMIN_CHANNELS, ...security, ...admin.map((role) => `admin-role-${role}`)]
}
