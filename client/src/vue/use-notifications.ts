import { type ComputedRef, computed, onMounted, onScopeDispose, shallowRef } from 'vue'
import { EMPTY, type NotificationClient, type Snapshot } from '../core/index.ts'
import { injectClient } from './provide-notifications.ts'

/** What is shown, each as a ref, and the client, which does the rest. */
export type UseNotifications = {
  readonly [Field in keyof Snapshot]: ComputedRef<Snapshot[Field]>
} & Pick<
  NotificationClient,
  | ('markAsRead' | 'markAsUnread' | 'markAllAsRead' | 'archive' | 'snooze' | 'remove')
  | ('getFilteredNotifications' | 'getUnreadCount' | 'acknowledgeAlert' | 'loadMore' | 'act')
> & { readonly client: NotificationClient }

/** Connects while the component is there. */
export function useNotifications(given?: NotificationClient): UseNotifications {
  const client = given ?? injectClient()
  const snapshot = shallowRef<Snapshot>(EMPTY)
  const stops: (() => void)[] = []
  onMounted(() => {
    const update = () => {
      snapshot.value = client.snapshot
    }
    stops.push(client.onChange(update), client.retain())
    update()
  })
  onScopeDispose(() => {
    for (const stop of stops.splice(0)) stop()
  })
  return {
    client,
    notifications: computed(() => snapshot.value.notifications),
    stats: computed(() => snapshot.value.stats),
    unreadCount: computed(() => snapshot.value.unreadCount),
    hasMore: computed(() => snapshot.value.hasMore),
    loading: computed(() => snapshot.value.loading),
    connectionState: computed(() => snapshot.value.connectionState),
    isConnected: computed(() => snapshot.value.isConnected),
    markAsRead: (id) => client.markAsRead(id),
    markAsUnread: (id) => client.markAsUnread(id),
    markAllAsRead: () => client.markAllAsRead(),
    archive: (id) => client.archive(id),
    snooze: (id, snooze) => client.snooze(id, snooze),
    remove: (id) => client.remove(id),
    acknowledgeAlert: (id, note) => client.acknowledgeAlert(id, note),
    loadMore: () => client.loadMore(),
    act: (id, index, text) => client.act(id, index, text),
    // Read from the snapshot, so that what is computed from them follows it.
    getFilteredNotifications: (filter) =>
      snapshot.value === EMPTY ? [] : client.getFilteredNotifications(filter),
    getUnreadCount: () => snapshot.value.unreadCount,
  }
}
