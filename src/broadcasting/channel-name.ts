/** What the prefix of a broadcast channel asks for (Pusher Channels protocol 7). */
export type ChannelKind = 'public' | 'private' | 'presence' | 'encrypted'

/** A broadcast channel's name taken apart. */
export interface ChannelName {
  readonly full: string
  /** Without prefix: what rules speak of. */
  readonly base: string
  readonly kind: ChannelKind
  /** Whether its last event is kept for those who come later. */
  readonly isCache: boolean
}

/** Pusher's characters, and those that ids may hold besides (contract §3). */
const VALID = /^[A-Za-z0-9_\-=@,.;:|~]{1,200}$/
const PREFIX = /^(?:(private-encrypted|private|presence)-)?(cache-)?/
const USER_PREFIX = '#server-to-user-'

export function isChannelName(name: string): boolean {
  return VALID.test(name)
}

export function readChannelName(full: string): ChannelName {
  const [prefix = '', word, cache] = PREFIX.exec(full) ?? []
  const kind = word === undefined ? 'public' : word === 'private-encrypted' ? 'encrypted' : word
  return {
    full,
    base: full.slice(prefix.length),
    kind: kind as ChannelKind,
    isCache: cache !== undefined,
  }
}

/** The channel on which one signed-in user is told something, on all his sockets. */
export function userChannel(user: string): string {
  return USER_PREFIX + user
}

/** Whose `userChannel` it is; `null`: it is another kind of channel. */
export function userOfChannel(channel: string): string | null {
  return channel.startsWith(USER_PREFIX) ? channel.slice(USER_PREFIX.length) : null
}

const ESCAPED = /=(3A|7C|7E|3D)/g
const NEEDS_ESCAPE = /[:|~]|=(?:3A|7C|7E|3D)/

/** An id as it stands in channel names: Pusher's own libraries refuse `:`, `|` and `~`. */
export function escapeId(id: string): string {
  if (!NEEDS_ESCAPE.test(id)) return id
  return id.replace(/[:|~=]/g, (char) => `=${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The id that a part of a channel name stands for. */
export function unescapeId(part: string): string {
  return part.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
