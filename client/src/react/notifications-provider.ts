import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react'
import { type NotificationClient, sharedClient } from '../core/index.ts'

const ClientContext = createContext<NotificationClient | null>(null)

interface Props {
  readonly client: NotificationClient
  readonly children?: ReactNode
}

/** Gives a client to everything below; without one, `configureNotifications()` says what is used. */
export function NotificationsProvider({ client, children }: Props): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children)
}

/** The client of the nearest provider, or that of the page. */
export function useNotificationClient(): NotificationClient {
  return useContext(ClientContext) ?? sharedClient()
}
