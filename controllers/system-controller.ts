import { z } from 'zod'
import type { MaintenanceService } from '../services/alerts/maintenance-service.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import type { StatusService } from '../services/operations/status-service.ts'
import type { Context } from '../src/index.ts'
import { nullsLeftOut } from './as-written.ts'
import { idempotencyKey, moment, requiredText, safeId } from './fields.ts'
import { maintenanceFields } from './maintenance-fields.ts'

export const StatusPayload = nullsLeftOut(
  z.object({
    status: requiredText('Status is required', 100),
    component: safeId('component').default('system'),
    message: z.string().max(4000).nullish(),
    data: z.record(z.string(), z.unknown()).default({}),
    idempotency_key: idempotencyKey(),
  }),
)

export const MaintenancePayload = nullsLeftOut(
  z.object({
    ...maintenanceFields,
    starts_at: moment().nullish(),
    idempotency_key: idempotencyKey(),
  }),
)

/** `notifications/system/…`: what systems say of themselves. */
export class SystemController {
  readonly #status: StatusService
  readonly #maintenance: MaintenanceService

  constructor(parts: { status: StatusService; maintenance: MaintenanceService }) {
    this.#status = parts.status
    this.#maintenance = parts.maintenance
  }

  updateStatus = async (context: Context<unknown, z.output<typeof StatusPayload>>) => {
    const { status, component, message, data } = context.payload
    return this.#status.update(
      { status, component, message: message ?? null, data },
      identityOf(context),
    )
  }

  announceMaintenance = async (context: Context<unknown, z.output<typeof MaintenancePayload>>) => {
    const { type, starts_at, duration_minutes, services, message } = context.payload
    return this.#maintenance.announce(
      {
        type,
        startsAt: starts_at ?? null,
        durationMinutes: duration_minutes,
        services,
        message: message ?? null,
      },
      identityOf(context),
    )
  }
}
