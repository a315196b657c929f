import { z } from 'zod'

/** The longest announced maintenance. */
const MOST_MINUTES = 60 * 24 * 30

/** What everybody says who announces a maintenance, whatever he calls its beginning. */
export const maintenanceFields = {
  type: z.enum(['scheduled', 'started', 'completed'], {
    error: 'type is required: scheduled, started or completed',
  }),
  duration_minutes: z.number().positive().max(MOST_MINUTES).default(120),
  services: z.array(z.string().min(1).max(200)).max(100).default([]),
  message: z.string().max(4000).nullish(),
}
