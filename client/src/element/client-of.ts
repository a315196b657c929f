import { NotificationClient, sharedClient } from '../core/index.ts'

/** The client that the attributes of a bell describe; without any, that of the page. */
export function clientOf(element: Element): NotificationClient {
  const url = element.getAttribute('url')
  const userId = element.getAttribute('user-id')
  const token = element.getAttribute('token')
  if (url === null && userId === null && token === null) return sharedClient()
  return new NotificationClient({
    ...(url === null ? {} : { url }),
    ...(userId === null ? {} : { userId }),
    ...(token === null ? {} : { token }),
  })
}
