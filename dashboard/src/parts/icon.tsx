const PATHS = {
  live: 'M3 12h4l3-8 4 16 3-8h4',
  alerts: 'M12 3a5 5 0 0 0-5 5v4l-2 4h14l-2-4V8a5 5 0 0 0-5-5zM10 20h4',
  outbox: 'M3 7l9 6 9-6M3 7v11h18V7zM3 7l2-3h14l2 3',
  compose: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  queues: 'M4 6h16M4 12h11M4 18h6',
  people: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0',
  connections: 'M7 12h10M7 12a3 3 0 1 1-4 0M21 12a3 3 0 1 1-4 0',
  topics: 'M4 5h7v6H4zM13 13h7v6h-7zM7.5 11v5H13',
  templates: 'M5 3h10l4 4v14H5zM9 12h6M9 16h6M9 8h3',
  stats: 'M4 20V10M10 20V4M16 20v-8M21 20H3',
  system:
    'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2 2M16.4 16.4l2 2M18.4 5.6l-2 2M7.6 16.4l-2 2',
  inbox: 'M4 4h16v16H4zM4 14h4l2 3h4l2-3h4',
  more: 'M4 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M18 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  check: 'M5 12l5 5 9-10',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2',
  up: 'M12 20V5M6 11l6-6 6 6',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19',
  key: 'M15 9a4 4 0 1 0-3.4 4L9 15.6V18H6v3H3v-3l7.6-7.6M16 8h.01',
  reload: 'M20 11a8 8 0 1 0-2 6M20 4v7h-7',
} as const

export type IconName = keyof typeof PATHS

/** A line drawing beside words, or in a button that has a name of its own. */
export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The bell in its tower. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
      <path class="mark-tower" d="M7 13 16 5l9 8v2H7zM8.5 28V16H12v12zM20 28V16h3.500v12z" />
      <path
        class="mark-bell"
        d="M16 16a3.200 3.200 0 0 0-3.200 3.200V22.500l-1.100 2h8.600l-1.100-2V19.200A3.200 3.200 0 0 0 16 16zm-1.200 9.500h2.400a1.200 1.200 0 0 1-2.400 0z"
      />
    </svg>
  )
}
