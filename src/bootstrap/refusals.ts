import type { HttpRefusal } from '../http/request-run.ts'
import type { Refusal } from '../mqtt/refusal.ts'
import type { Logger } from '../support/logger.ts'
import type { Announcements } from './announcements.ts'
import type { Tenants } from './tenants.ts'

/** Who is told of a refused message: what stands for its tenant. */
export function refusals(
  standard: Announcements,
  { tenants, log }: { readonly tenants: Pick<Tenants, 'of'>; readonly log: Logger },
) {
  const of = async (tenant: string) => (await tenants.of(tenant)).announcements
  return {
    onRefused: async (refusal: Refusal): Promise<void> => {
      const { tenant } = refusal
      await (tenant === '' ? standard : await of(tenant)).onRefused(refusal)
    },
    onRequestRefused: (refusal: HttpRefusal): void => {
      const { tenant } = refusal
      if (tenant === '') standard.onRequestRefused(refusal)
      else {
        of(tenant)
          .then((theirs) => theirs.onRequestRefused(refusal))
          .catch((error) => log.warn({ err: error, tenant }, 'a refusal was not recorded'))
      }
    },
  }
}
