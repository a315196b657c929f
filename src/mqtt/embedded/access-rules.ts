import type { Principal } from '../../context.ts'
import { isSafeId } from '../../support/ids.ts'
import { tenantTopic, withoutPrefix } from '../topic-name.ts'
import { coversFilter, matchesFilter } from './topic-filter.ts'

export interface AccessOptions {
  /** Where it is off, everybody may do everything but touch the broker's own `$` topics. */
  readonly authRequired: boolean
  /** `MQTT_TOPIC_PREFIX` as it stands before topics. */
  readonly prefix: string
}

/** Where everybody may hand messages to Belfry. */
const INTAKE = /^(notifications|websocket|events)\//
/** These are Belfry's to say: who could write them could speak in its name. */
const OURS = /^(t\/[^/]+\/)?(users|belfry|broadcasts)(\/|$)/
/** Of a tenant's own topics also what is told of alerts and refusals, and answers. */
const TENANTS = /^(users|belfry|broadcasts|notifications)(\/|$)/

/**
 * What a connection may publish and subscribe to. A tenant's connection hands
 * messages to Belfry on the topics of everybody, where nobody hears them, and
 * has all else under `t/<tenant>/`, whatever its roles are. Answers are reasons to
 * refuse, or `null`.
 */
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
    const local = this.#localOf(principal, topic)
    if (local === null && principal.tenant !== '') return OUTSIDE
    if (principal.topics !== null) {
      const allowed = local !== null && toFilters(principal.topics).some(isMatchOf(local))
      return allowed ? null : OUTSIDE
    }
    const isOurs = local !== null && this.#oursIn(principal, topic).test(local)
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
    const own = ownFilters(principal)
    if (principal.topics !== null) own.push(...toFilters(principal.topics))
    if (principal.tenant !== '' && hasEveryRight(principal)) own.push('#')
    const filters = own.map((filter) => tenantTopic(principal.tenant, filter))
    return ['belfry/status/#', ...filters].map((filter) => this.#options.prefix + filter)
  }

  /** Whether what is published is for Belfry alone: nobody who subscribes may hear a tenant. */
  isKeptBack(principal: Principal | null, topic: string): boolean {
    const tenant = principal?.tenant ?? ''
    return tenant !== '' && withoutPrefix(topic, this.#spaceOf(tenant)) === null
  }

  #spaceOf(tenant: string): string {
    return this.#options.prefix + tenantTopic(tenant, '')
  }

  /** A topic as its rights name it; `null`: there is none for this connection. */
  #localOf({ tenant }: Principal, topic: string): string | null {
    const local = withoutPrefix(topic, this.#options.prefix)
    if (tenant === '') return local
    const inSpace = withoutPrefix(topic, this.#spaceOf(tenant))
    return inSpace ?? (local !== null && INTAKE.test(local) ? local : null)
  }

  #oursIn({ tenant }: Principal, topic: string): RegExp {
    const isInSpace = tenant !== '' && topic.startsWith(this.#spaceOf(tenant))
    return isInSpace ? TENANTS : OURS
  }
}

const OUTSIDE = 'the topic is outside the rights of this connection'

/** Whether somebody may see and do everything on this broker: no tenant's administrator. */
export function isAdmin(principal: Principal | null): boolean {
  return principal !== null && principal.tenant === '' && hasEveryRight(principal)
}

function hasEveryRight(principal: Principal): boolean {
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
