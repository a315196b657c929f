import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import { EMPTY, type NotificationClient, type Snapshot } from '../core/index.ts'
import { useNotificationClient } from './notifications-provider.ts'

const VERBS = [
  ...(['markAsRead', 'markAsUnread', 'markAllAsRead', 'archive', 'snooze', 'remove'] as const),
  ...(['getFilteredNotifications', 'getUnreadCount', 'acknowledgeAlert', 'act'] as const),
  ...(['loadMore', 'refresh'] as const),
] as const

/** What is shown, and what can be done with it. */
export type UseNotifications = Snapshot &
  Pick<NotificationClient, (typeof VERBS)[number]> & { readonly client: NotificationClient }

/** Connects while the component is there, and renders it anew when something changes. */
export function useNotifications(): UseNotifications {
  const client = useNotificationClient()
  useEffect(() => client.retain(), [client])
  const subscribe = useCallback((listener: () => void) => client.onChange(listener), [client])
  const snapshot = useSyncExternalStore(
    subscribe,
    () => client.snapshot,
    () => EMPTY,
  )
  const verbs = useMemo(() => verbsOf(client), [client])
  return useMemo(() => ({ ...snapshot, ...verbs, client }), [snapshot, verbs, client])
}

/** The same functions on every render, so that effects may depend on them. */
function verbsOf(client: NotificationClient): Pick<NotificationClient, (typeof VERBS)[number]> {
  const bound = VERBS.map((verb) => [verb, (client[verb] as () => unknown).bind(client)])
  return Object.fromEntries(bound) as Pick<NotificationClient, (typeof VERBS)[number]>
}
