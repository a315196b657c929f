import { z } from 'zod'
import { filtersOverlap, Topic } from '../../src/index.ts'

/** Topics that are Belfry's own; a rule has the others. */
const OURS = ['notifications/#', 'websocket/#', 'events/#', 'users/#', 'belfry/#']

/** A topic pattern of devices: `sensors/{room}/temperature`. */
export function topicPattern() {
  return z
    .string()
    .min(1)
    .max(1024)
    .superRefine((pattern, check) => {
      const fault = faultOf(pattern)
      if (fault !== null) check.addIssue({ code: 'custom', message: fault })
    })
}

function faultOf(pattern: string): string | null {
  try {
    const { filter } = new Topic(pattern)
    if (filter.startsWith('$')) return 'topics that begin with $ are the broker’s own'
    const taken = OURS.find((ours) => filtersOverlap(ours, filter))
    if (taken === undefined) return null
    return `reaches ${taken}, which is Belfry's own: begin with another word, such as sensors/`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
