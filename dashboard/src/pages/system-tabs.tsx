import { place } from '../core/route.ts'
import { may } from '../core/session.ts'

const TABS = [
  ['', 'Health', 'operate'],
  ['dead-letters', 'Refused', 'operate'],
  ['keys', 'Keys', 'admin'],
] as const

/** The parts of the page System. */
export function SystemTabs() {
  const here = place.value.rest[0] ?? ''
  return (
    <nav class="choice" aria-label="Parts of the system">
      {TABS.filter(([, , scope]) => may(scope)).map(([path, name]) => (
        <a
          key={path}
          href={`#/system${path === '' ? '' : `/${path}`}`}
          class={path === here ? 'chosen' : ''}
          {...(path === here ? { 'aria-current': 'page' as const } : {})}
        >
          {name}
        </a>
      ))}
    </nav>
  )
}
