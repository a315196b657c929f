import type { Principal } from '../../context.ts'
import { isSafeId } from '../../support/ids.ts'
import { withoutPrefix } from '../topic-name.ts'
import { coversFilter, matchesFilter } from './topic-filter.ts'

export interface AccessOptions {
  /** Where it is off, everybody may do everything but touch the broker's own `$` topics. */
  readonly authRequired: boolean
  /** `MQTT_TOPIC_PREFIX` as it stands before topics. */
  readonly prefix: string
}

/** What a connection may publish and subscribe to. Answers are reasons to refuse, or `null`. */
export class AccessRules {
  readonly #options: AccessOptions

  constructor(options: AccessOptions) {
    this.#options = options
  }

  mayPublish(principal: Principal | null, topic: string): string | null {
    if (topic.startsWith('$')) return 'topics that begin with $ are the broker’s own'
    if (!this.#options.authRequired || isAdmin(principal)) return null
    if (principal === null) return 'the publisher did not identify itself'
    if (!principal.scopes.includes('publish')) return 'the scope "publish" is missing'
    const local = withoutPrefix(topic, this.#options.prefix)
    if (principal.topics !== null) {
      const allowed = local !== null && toFilters(principal.topics).some(isMatchOf(local))
      return allowed ? null : 'the topic is outside the rights of this connection'
    }
    // These are Belfry's to say: who could write them could speak in its name.
    const isOurs = local !== null && /^(users|belfry|broadcasts)(\/|$)/.test(local)
    const isOwn = local !== null && ownFilters(principal).some(isMatchOf(local))
    return isOurs && !isOwn ? 'the topic is reserved for the service' : null
  }

  maySubscribe(principal: Principal | null, filter: string): string | null {
    if (filter.startsWith('$')) {
      const mayWatch = !this.#options.authRequired || isAdmin(principal)
      if (filter.startsWith('$SYS/') && mayWatch) return null
      return 'topics that begin with $ are the broker’s own'
    }
    const readable = this.readableBy(principal)
    if (readable === null || readable.some((pattern) => coversFilter(pattern, filter))) return null
    return 'the filter reaches beyond the rights of this connection'
  }

  /** The filters that a connection may read; `null`: all. */
  readableBy(principal: Principal | null): readonly string[] | null {
    if (!this.#options.authRequired || isAdmin(principal)) return null
    if (principal === null) return []
    const filters = ['belfry/status/#', ...ownFilters(principal)]
    if (principal.topics !== null) filters.push(...toFilters(principal.topics))
    return filters.map((filter) => this.#options.prefix + filter)
  }
}

/** Whether somebody may see and do everything. */
export function isAdmin(principal: Principal | null): boolean {
  if (principal === null) return false
  const { scopes, roles } = principal
  return scopes.includes('admin') || roles.includes('admin') || roles.includes('super_admin')
}

/** What belongs to a user: his inbox and the answers to him. */
function ownFilters({ id }: Principal): string[] {
  // An id such as `+` would open what belongs to everybody.
  return isSafeId(id) ? [`users/${id}/#`, `notifications/replies/${id}/#`] : []
}

/** Patterns may name a level, as routes do: `devices/{id}/state`. */
function toFilters(patterns: readonly string[]): string[] {
  return patterns.map((pattern) => pattern.replace(/\{[^/{}]*\}/g, '+'))
}

function isMatchOf(topic: string): (filter: string) => boolean {
  return (filter) => matchesFilter(filter, topic)
}
