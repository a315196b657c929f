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
    path: 'inbox',
    name: 'Inbox',
    icon: 'inbox',
    scope: 'read',
    isFirst: true,
    load: () => import('./pages/inbox.tsx'),
  },
]
