import type { ComponentType } from 'preact'
import type { Scope } from './core/session.ts'
import type { IconName } from './parts/icon.tsx'

export interface PageEntry {
  readonly path: string
  readonly name: string
  readonly icon: IconName & string
  /** What whoever looks must be allowed to do. */
  readonly scope: Scope
  /** Pages that operators use every day come first, and fit on a telephone's bar. */
  readonly isFirst?: boolean
  readonly load: () => Promise<{ readonly View: ComponentType }>
}

/** Every page; each is loaded when it is first opened. */
export const PAGES: readonly PageEntry[] = [
  {
    path: 'live',
    name: 'Live',
    icon: 'live',
    scope: 'operate',
    isFirst: true,
    load: () => import('./pages/live.tsx'),
  },
  {
    path: 'alerts',
    name: 'Alerts',
    icon: 'alerts',
    scope: 'operate',
    isFirst: true,
    load: () => import('./pages/alerts.tsx'),
  },
  {
    path: 'outbox',
    name: 'Outbox',
    icon: 'outbox',
    scope: 'operate',
    isFirst: true,
    load: () => import('./pages/outbox.tsx'),
  },
  {
    path: 'compose',
    name: 'Compose',
    icon: 'compose',
    scope: 'publish',
    isFirst: true,
    load: () => import('./pages/compose.tsx'),
  },
  {
    path: 'queues',
    name: 'Queues',
    icon: 'queues',
    scope: 'operate',
    load: () => import('./pages/queues.tsx'),
  },
  {
    path: 'people',
    name: 'People',
    icon: 'people',
    scope: 'admin',
    load: () => import('./pages/people.tsx'),
  },
  {
    path: 'connections',
    name: 'Connections',
    icon: 'connections',
    scope: 'operate',
    load: () => import('./pages/connections.tsx'),
  },
  {
    path: 'topics',
    name: 'Topics',
    icon: 'topics',
    scope: 'operate',
    load: () => import('./pages/topics.tsx'),
  },
  {
    path: 'templates',
    name: 'Templates',
    icon: 'templates',
    scope: 'admin',
    load: () => import('./pages/templates.tsx'),
  },
  {
    path: 'stats',
    name: 'Stats',
    icon: 'stats',
    scope: 'operate',
    load: () => import('./pages/stats.tsx'),
  },
  {
    path: 'system',
    name: 'System',
    icon: 'system',
    scope: 'operate',
    load: () => import('./pages/system.tsx'),
  },
  {
    path: 'inbox',
    name: 'Inbox',
    icon: 'inbox',
    scope: 'read',
    isFirst: true,
    load: () => import('./pages/inbox.tsx'),
  },
]
