import {
  configureNotifications,
  NotificationBell,
  useNotificationWebSocket,
} from '@belfry/client/vue'
import { createApp, defineComponent, h, ref } from 'vue'
import { url, userId } from '../where.ts'

configureNotifications({ url, userId })

const App = defineComponent({
  setup() {
    const events = ref<string[]>([])
    const { isConnected, unreadCount, channels } = useNotificationWebSocket({
      roles: ['csr_admin'],
      onEvent: (event, _data, channel) => events.value.push(`${event} on ${channel}`),
    })
    return () => [
      h('header', { class: 'top' }, [h('h1', 'Vue'), h(NotificationBell)]),
      h('main', [
        h(
          'p',
          `${isConnected.value ? 'Connected' : 'Not connected'}: ${unreadCount.value} unread.`,
        ),
        h('p', `Listening to ${channels.join(', ')}.`),
        h(
          'ul',
          { id: 'events' },
          events.value.map((event) => h('li', event)),
        ),
      ]),
    ]
  },
})

createApp(App).mount('#app')
