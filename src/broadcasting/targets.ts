import type { PendingBroadcast } from './pending-broadcast.ts'

/** Says to whom something is broadcast: `channel`, `private`, `presence` and so on. */
export abstract class Targets {
  protected abstract begin(channels: readonly string[]): PendingBroadcast

  /** A channel by its full name. */
  channel(name: string): PendingBroadcast {
    return this.begin([name])
  }

  channels(names: readonly string[]): PendingBroadcast {
    return this.begin(names)
  }

  /** `private('user.42')` is `channel('private-user.42')`. */
  private(name: string): PendingBroadcast {
    return this.begin([prefixed('private-', name)])
  }

  privateChannel(name: string): PendingBroadcast {
    return this.private(name)
  }

  presence(name: string): PendingBroadcast {
    return this.begin([prefixed('presence-', name)])
  }

  presenceChannel(name: string): PendingBroadcast {
    return this.presence(name)
  }

  /** What is sent here only members can read: not we, once it has left, nor the service between. */
  encrypted(name: string): PendingBroadcast {
    return this.begin([prefixed('private-encrypted-', name)])
  }
}

/** A name of that kind, whether or not its prefix was written. */
export function prefixed(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name
}
