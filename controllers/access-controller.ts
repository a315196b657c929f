import { z } from 'zod'
import type { AccessService } from '../services/access/access-service.ts'
import { isTenant } from '../services/access/claims.ts'
import type { Tickets } from '../services/access/tickets.ts'
import {
  type Context,
  Forbidden,
  InvalidPayload,
  type Principal,
  Unauthenticated,
} from '../src/index.ts'
import { safeId } from './fields.ts'

const SCOPE = z.enum(['publish', 'read', 'operate', 'admin'])

/** Whose it will be: only the default tenant's administrators may name one, to make a tenant's first credential. */
const tenant = () => z.string().refine(isTenant, 'must be 1 to 64 letters, digits or _ - = @ . ~')

export const KeyBody = z
  .object({
    name: z.string().min(1).max(100).optional(),
    /** A small device: an MQTT user with a short password. */
    device: safeId('device name').optional(),
    scopes: z.array(SCOPE).min(1).optional(),
    roles: z.array(safeId('role')).max(100).optional(),
    topics: z.array(z.string().min(1).max(1024)).max(100).optional(),
    tenant: tenant().optional(),
  })
  .refine(({ name, device }) => name !== undefined || device !== undefined, {
    path: ['name'],
    message: 'a key needs a name, or is for a device',
  })

export const TokenBody = z.object({
  sub: safeId('sub'),
  roles: z.array(safeId('role')).optional(),
  groups: z.array(safeId('group')).optional(),
  scope: z.array(SCOPE).optional(),
  tenant: tenant().optional(),
  hours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24),
})

type IdParam = { readonly id: string }

/** Keys, development tokens and one-time tickets. */
export class AccessController {
  readonly #access: AccessService
  readonly #tickets: Tickets

  constructor(parts: { access: AccessService; tickets: Tickets }) {
    this.#access = parts.access
    this.#tickets = parts.tickets
  }

  createKey = async ({ payload, principal }: Context<unknown, z.output<typeof KeyBody>>) => {
    const { name, device, scopes = ['publish', 'read'], roles = [], topics } = payload
    const tenant = tenantFor(principal, payload.tenant)
    if (device !== undefined) {
      if (!topics)
        throw new InvalidPayload('Say which topic patterns the device may publish (topics).')
      return this.#access.createDevice(device, topics, tenant)
    }
    return this.#access.create({
      name: name ?? '',
      scopes,
      roles,
      tenant,
      ...(topics ? { topics } : {}),
    })
  }

  keys = async ({ principal }: Context) => this.#access.list(100, null, principal?.tenant ?? null)

  revokeKey = async ({ params, principal }: Context<IdParam>) => {
    await this.#access.revoke(params.id, principal?.tenant ?? null)
    return { status: 'revoked' }
  }

  issueToken = async ({ payload, principal }: Context<unknown, z.output<typeof TokenBody>>) => {
    const { sub, roles, groups, scope, hours } = payload
    const tenant = tenantFor(principal, payload.tenant)
    const claims = {
      sub,
      ...(tenant === '' ? {} : { tenant }),
      ...(roles ? { roles } : {}),
      ...(groups ? { groups } : {}),
      ...(scope ? { scope } : {}),
    }
    return { token: await this.#access.issueToken(claims, hours * 3600) }
  }

  /** Who is asking, and what he may do: what a page shows of itself follows from it. */
  me = async ({ principal }: Context) => {
    if (principal === null) throw new Unauthenticated('Say who you are.')
    const { id, tenant, roles, groups, scopes, via } = principal
    return { id, tenant, roles, groups, scopes, via }
  }

  /** A ticket for a client that cannot send a header. */
  ticket = async ({ principal }: Context) => {
    if (principal === null) throw new Unauthenticated('Say who you are.')
    return this.#tickets.issue(principal)
  }
}

/** Of a tenant's administrator everything stays within the tenant. */
function tenantFor(principal: Principal | null, wanted: string | undefined): string {
  const own = principal?.tenant ?? ''
  if (own === '' || wanted === undefined || wanted === own) return wanted ?? own
  throw new Forbidden('A tenant gives credentials for itself only.')
}
