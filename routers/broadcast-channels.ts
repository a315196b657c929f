import type { Standing } from '../services/access/standing.ts'
import { ACTIVITY_CHANNEL } from '../services/operations/activity.ts'
import { allows, type ChannelRules, type Principal } from '../src/index.ts'

interface Parts {
  readonly channels: ChannelRules<Principal>
  readonly standing: Standing
  /** Whether the administrators' channels without prefix are for administrators only. */
  readonly guardAdmin: boolean
}

const ADMIN_ROLES = ['super_admin', 'csr_admin', 'finance_admin', 'hr_manager']

/** Who may join which broadcast channel; the first pattern that fits decides. */
export function broadcastChannels(parts: Parts): void {
  personalChannels(parts)
  adminChannels(parts)
  sharedChannels(parts)
}

/** A user's own, under each of the names that applications give to them. */
function personalChannels({ channels }: Parts): void {
  const isSelf = (who: Principal, { id }: { readonly id: string }) =>
    who.via === 'none' || who.id === id
  channels.channel('user.notifications.{id}', isSelf)
  channels.channel('user.{id}.notifications', isSelf)
  channels.channel('user.{id}', isSelf)
  channels.channel('App.Models.User.{id}', isSelf)
}

/** What administrators watch: guarded without prefix too, where a secret could leak. */
function adminChannels({ channels, standing, guardAdmin }: Parts): void {
  channels.channel('security-alerts', (who) => standing.hasAnyRole(who, ['super_admin']))
  channels.channel(
    'admin-role-{role}',
    async (who, { role }) => ADMIN_ROLES.includes(role) && standing.hasAnyRole(who, [role]),
  )
  for (const name of [
    'admin-dashboard',
    'system-maintenance',
    'compliance-notifications',
    'payment-notifications',
  ]) {
    if (guardAdmin) channels.channel(name, (who) => standing.hasAnyRole(who, ADMIN_ROLES))
    else channels.open(name)
  }
  channels.channel('alerts', (who) => allows(who, 'operate'))
  channels.channel(ACTIVITY_CHANNEL, (who) => allows(who, 'operate'))
}

function sharedChannels({ channels, standing }: Parts): void {
  channels.channel('chat.room.{id}', (who) => standing.card(who))
  channels.channel(
    'organization.{id}',
    async (who, { id }) =>
      (await standing.isOfOrganization(who, id)) ||
      standing.hasAnyRole(who, ['super_admin', 'csr_admin']),
  )
  channels.channel('campaign.{id}', () => true)
  channels.channel('role.{role}', (who, { role }) => standing.hasAnyRole(who, [role]))
  channels.channel('group.{id}', (who, { id }) => standing.isInGroup(who, id))
  channels.channel('broadcast', (who) => standing.hasAnyRole(who, ['admin', 'rh', 'super_admin']))
}
