/** What a signed link does; each kind has an address of its own (contract §4). */
export type Link =
  /** `/a/`: acknowledges an alert in somebody's name. */
  | { readonly kind: 'ack'; readonly alertId: string; readonly userId: string }
  /** `/u/`: ends mails of one type, or of a category where the message named one. */
  | {
      readonly kind: 'unsubscribe'
      readonly userId: string
      readonly channel: string
      readonly type: string
      readonly category: string | null
    }
  /** `/o/`: the picture of a mail was loaded. */
  | { readonly kind: 'open'; readonly userId: string; readonly notificationId: string }
  /** `/c/`: a link of a mail was followed. */
  | {
      readonly kind: 'click'
      readonly userId: string
      readonly notificationId: string
      readonly url: string
    }

export type LinkKind = Link['kind']
export type LinkOf<Kind extends LinkKind> = Extract<Link, { readonly kind: Kind }>

/** The address of each kind, and the first letter of what is signed. */
export const LINK_PATHS = { ack: 'a', unsubscribe: 'u', open: 'o', click: 'c' } as const

const DAY_MS = 86_400_000

/** How long a link holds. Mails lie in mailboxes for long, and ending them must stay possible. */
export const LINK_LIFETIME_MS = {
  ack: DAY_MS,
  unsubscribe: 365 * DAY_MS,
  open: 90 * DAY_MS,
  click: 365 * DAY_MS,
} as const satisfies Record<LinkKind, number>

/** The fields of a link in the order in which they are signed. */
export function fieldsOf(link: Link): readonly (string | null)[] {
  switch (link.kind) {
    case 'ack':
      return [link.alertId, link.userId]
    case 'unsubscribe':
      return [link.userId, link.channel, link.type, link.category]
    case 'open':
      return [link.userId, link.notificationId]
    case 'click':
      return [link.userId, link.notificationId, link.url]
  }
}

/** The link of signed fields; they are as we wrote them, because the signature holds. */
export function linkOf<Kind extends LinkKind>(
  kind: Kind,
  fields: readonly (string | null)[],
): LinkOf<Kind> {
  const [first = '', second = '', third = '', fourth = null] = fields as readonly string[]
  const links: { readonly [Each in LinkKind]: LinkOf<Each> } = {
    ack: { kind: 'ack', alertId: first, userId: second },
    unsubscribe: {
      kind: 'unsubscribe',
      userId: first,
      channel: second,
      type: third,
      category: fourth,
    },
    open: { kind: 'open', userId: first, notificationId: second },
    click: { kind: 'click', userId: first, notificationId: second, url: third },
  }
  return links[kind]
}
