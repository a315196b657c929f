import { NotificationClient } from '@belfry/client'
import '@belfry/client/element'
import { token, url, userId } from '../where.ts'

const bell = document.querySelector('notification-bell')
const search = new URLSearchParams(location.search)

// How pages say it: <notification-bell url="…" locale="fr" theme="dark">.
for (const name of ['locale', 'theme']) {
  const value = search.get(name)
  if (value !== null) bell?.setAttribute(name, value)
}
document.documentElement.dir = search.get('dir') ?? 'ltr'
document.documentElement.style.colorScheme = search.get('theme') ?? 'light dark'

if (bell !== null) {
  bell.client = new NotificationClient({ url, userId, ...(token === null ? {} : { token }) })
}
