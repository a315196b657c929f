import { defineComponent, h, type PropType } from 'vue'
import type { NotificationClient } from '../core/index.ts'
import type { Labels } from '../element/index.ts'
import '../element/index.ts'
import { injectClient } from './provide-notifications.ts'

const OWN_LABELS: Partial<Labels> = {}

/**
 * The bell of `@belfry/client/element` as a component. Emits `open` and `action`
 * with the DOM event, whose `preventDefault()` says that the page acts itself.
 */
export const NotificationBell = defineComponent({
  name: 'NotificationBell',
  props: {
    client: Object as PropType<NotificationClient>,
    labels: Object as PropType<Partial<Labels>>,
    locale: String,
    theme: String as PropType<'light' | 'dark'>,
  },
  emits: ['open', 'action'],
  setup(props, { emit }) {
    const injected = injectClient()
    // `data-client`: the element waits for its client instead of making one.
    return () =>
      h('notification-bell', {
        ...{ 'data-client': '', locale: props.locale, theme: props.theme },
        '.client': props.client ?? injected,
        '.labels': props.labels ?? OWN_LABELS,
        onNotificationOpen: (event: CustomEvent) => emit('open', event),
        onNotificationAction: (event: CustomEvent) => emit('action', event),
      })
  },
})
