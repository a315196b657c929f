import type { Principal } from '../context.ts'
import type { Broadcasting } from './broadcasting.ts'

const SYSTEM_CHANNELS = ['broadcast', 'system-status', 'system-maintenance']

/** Broadcast channels that a Socket.IO client is put onto unasked: those of its roles, and the system's, as far as it may. */
export async function roomsOf(
  who: Principal,
  { access, standing }: Pick<Broadcasting, 'access' | 'standing'>,
): Promise<readonly string[]> {
  const roles = await standing.rolesOf(who)
  const channels = [...roles.map((role) => `role.${role}`), ...SYSTEM_CHANNELS]
  const verdicts = await Promise.all(channels.map((channel) => access.verdict(who, channel)))
  return channels.filter((_, index) => verdicts[index] !== false)
}
