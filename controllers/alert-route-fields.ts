/**
 * What routes of alerts may say.
 *
 * @module
 */

import { z } from 'zod'
import type { AlertRoute } from '../services/alerts/alert-routes.ts'
import { safeId } from './fields.ts'
import { matchers } from './silence-fields.ts'

const MOST_LEVELS = 4
const MOST_ROUTES = 500

/** A route with up to so many levels below it. */
function route(levels: number): z.ZodType<AlertRoute> {
  return z.strictObject({
    matchers: matchers().default([]),
    policy: safeId().nullable().default(null),
    routes:
      levels === 0
        ? z.array(z.never({ error: `there are at most ${MOST_LEVELS} levels` })).default([])
        : z.array(route(levels - 1)).default([]),
  })
}

/** All routes of alerts, in order. */
export const AlertRoutesBody = z.object({
  routes: z
    .array(route(MOST_LEVELS - 1))
    .refine((routes) => countOf(routes) <= MOST_ROUTES, `must be at most ${MOST_ROUTES}`),
})

function countOf(routes: readonly AlertRoute[]): number {
  return routes.reduce((sum, one) => sum + 1 + countOf(one.routes), 0)
}
