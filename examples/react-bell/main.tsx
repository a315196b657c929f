import { configureNotifications, NotificationBell, useNotifications } from '@belfry/client/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { url, userId } from '../where.ts'

configureNotifications({ url, userId })

function App() {
  const { notifications, stats, markAsRead, isConnected, getFilteredNotifications } =
    useNotifications()
  const warnings = getFilteredNotifications({ type: 'warning' }).length
  return (
    <>
      <header className="top">
        <h1>React</h1>
        <NotificationBell />
      </header>
      <main>
        <p>
          {isConnected ? 'Connected' : 'Not connected'}: {stats.total} notifications, {stats.unread}{' '}
          unread, {warnings} warnings.
        </p>
        <ul>
          {notifications.map(({ id, title, read }) => (
            <li key={id}>
              {title}{' '}
              {!read && (
                <button type="button" onClick={() => markAsRead(id)}>
                  Read
                </button>
              )}
            </li>
          ))}
        </ul>
      </main>
    </>
  )
}

const root = document.querySelector('#app')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
