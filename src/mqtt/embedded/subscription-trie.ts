/** One client's interest in one filter. */
export interface Subscription {
  readonly clientId: string
  readonly topic: string
  readonly qos: 0 | 1 | 2
  /** What MQTT 5 clients may add; kept as it came. */
  readonly rh?: number
  readonly rap?: boolean
  readonly nl?: boolean
  readonly subscriptionIdentifier?: number
}

interface Branch {
  readonly branches: Map<string, Branch>
  readonly values: Map<string, Subscription>
}

const branch = (): Branch => ({ branches: new Map(), values: new Map() })

/** Finds the subscriptions that a topic reaches without looking at the others. */
export class SubscriptionTrie {
  #root = branch()
  #size = 0

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size
  }

  /** Adds one, or replaces the one of the same client and filter. */
  add(subscription: Subscription): void {
    let at = this.#root
    for (const level of subscription.topic.split('/')) {
      let next = at.branches.get(level)
      if (!next) {
        next = branch()
        at.branches.set(level, next)
      }
      at = next
    }
    if (!at.values.has(subscription.clientId)) this.#size += 1
    at.values.set(subscription.clientId, subscription)
  }

  remove(clientId: string, topic: string): void {
    this.#remove(this.#root, topic.split('/'), 0, clientId)
  }

  clear(): void {
    this.#root = branch()
    this.#size = 0
  }

  /** Everything that `topic` reaches, one for each client and filter. */
  match(topic: string): Subscription[] {
    const found: Subscription[] = []
    collect(this.#root, topic.split('/'), 0, topic.startsWith('$'), found)
    return found
  }

  /** Answers whether `at` is empty now. */
  #remove(at: Branch, levels: readonly string[], index: number, clientId: string): boolean {
    if (index === levels.length) {
      if (at.values.delete(clientId)) this.#size -= 1
    } else {
      const next = at.branches.get(levels[index]!)
      if (next && this.#remove(next, levels, index + 1, clientId)) {
        at.branches.delete(levels[index]!)
      }
    }
    return at.values.size === 0 && at.branches.size === 0
  }
}

function collect(
  at: Branch,
  levels: readonly string[],
  index: number,
  literalOnly: boolean,
  found: Subscription[],
): void {
  // [MQTT-4.7.1-2]: `a/#` also matches `a`; [MQTT-4.7.2-1]: `#` and `+/…` never match `$…`.
  const everything = literalOnly ? undefined : at.branches.get('#')
  if (everything) found.push(...everything.values.values())
  if (index === levels.length) {
    found.push(...at.values.values())
    return
  }
  const anything = literalOnly ? undefined : at.branches.get('+')
  if (anything) collect(anything, levels, index + 1, false, found)
  const exact = at.branches.get(levels[index]!)
  if (exact) collect(exact, levels, index + 1, false, found)
}
