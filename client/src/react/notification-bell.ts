import { createElement, type ReactElement, useEffect, useRef } from 'react'
import type { NotificationAction, NotificationClient, NotificationRecord } from '../core/index.ts'
import type { Labels, NotificationBellElement } from '../element/index.ts'
import '../element/index.ts'
import { useNotificationClient } from './notifications-provider.ts'

export interface NotificationBellProps {
  /** Default: the one of the provider. */
  readonly client?: NotificationClient
  readonly className?: string
  readonly locale?: string
  readonly theme?: 'light' | 'dark'
  readonly labels?: Partial<Labels>
  /** Somebody opens a notification; `event.preventDefault()` keeps its link from being followed. */
  readonly onOpen?: (notification: NotificationRecord, event: Event) => void
  /** Somebody presses an action; `event.preventDefault()` says that the page did it. */
  readonly onAction?: (
    pressed: { readonly notification: NotificationRecord; readonly action: NotificationAction },
    event: Event,
  ) => void
}

/** The bell of `@belfry/client/element` as a component. */
export function NotificationBell(props: NotificationBellProps): ReactElement {
  const { className, locale, theme, labels, onOpen, onAction } = props
  const shared = useNotificationClient()
  const client = props.client ?? shared
  const ref = useRef<NotificationBellElement>(null)
  useEffect(() => {
    if (ref.current === null) return
    if (labels !== undefined) ref.current.labels = labels
    ref.current.client = client
  }, [client, labels])
  useListener(ref, 'notification-open', onOpen)
  useListener(ref, 'notification-action', onAction)
  // `data-client`: the element waits for its client instead of making one.
  return createElement('notification-bell', {
    ...{ ref, locale, theme, class: className, 'data-client': '' },
    suppressHydrationWarning: true,
  })
}

function useListener<Detail>(
  ref: { readonly current: HTMLElement | null },
  name: string,
  listener: ((detail: Detail, event: Event) => void) | undefined,
): void {
  useEffect(() => {
    const element = ref.current
    if (element === null || listener === undefined) return
    const onEvent = (event: Event) => listener((event as CustomEvent<Detail>).detail, event)
    element.addEventListener(name, onEvent)
    return () => element.removeEventListener(name, onEvent)
  }, [ref, name, listener])
}
