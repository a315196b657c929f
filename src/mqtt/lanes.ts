import { filtersOverlap } from './topic-name.ts'

/** What planning needs of a route. */
export interface LaneRoute {
  readonly pattern: string
  readonly filter: string
  readonly qos: 0 | 1 | 2
  readonly shared: boolean
  readonly workerCount: number
}

/** Routes that share connections. */
export interface Lane {
  /** Part of the client ids: `main`, or the route's pattern in words. */
  readonly name: string
  /** How many connections it has in this process. */
  readonly connections: number
  /** One per distinct filter, without group and prefix. */
  readonly filters: readonly { readonly filter: string; readonly qos: 0 | 1 | 2 }[]
  readonly patterns: readonly string[]
  /** A broker delivers a message once per overlapping filter: each lane handles its own patterns. */
  readonly overlaps: boolean
}

interface Draft {
  readonly name: string
  connections: number
  filters: { filter: string; qos: 0 | 1 | 2 }[]
  patterns: string[]
}

/**
 * Which connections the routes need: one for all ordinary ones, a pool for each
 * that is shared, and one for each whose filter overlaps with the others'.
 */
export function planLanes(routes: readonly LaneRoute[]): readonly Lane[] {
  const main: Draft = { name: 'main', connections: 1, filters: [], patterns: [] }
  const drafts = [main]
  const names = new Set(['main'])
  for (const group of byFilter(routes)) {
    const isPooled = group.some(({ shared }) => shared)
    const clashes = main.filters.some(({ filter }) => filtersOverlap(filter, group[0]!.filter))
    const lane = isPooled || clashes ? draft(group, names) : main
    if (lane !== main) drafts.push(lane)
    lane.filters.push({ filter: group[0]!.filter, qos: maxQos(group) })
    lane.patterns.push(...group.map(({ pattern }) => pattern))
  }
  const used = drafts.filter(({ filters }) => filters.length > 0)
  return used.map((lane) => ({ ...lane, overlaps: used.some((other) => clash(lane, other)) }))
}

/** Routes of one filter are one subscription. */
function byFilter(routes: readonly LaneRoute[]): readonly (readonly LaneRoute[])[] {
  return [...Map.groupBy(routes, ({ filter }) => filter).values()]
}

function draft(group: readonly LaneRoute[], names: Set<string>): Draft {
  const words = group[0]!.pattern.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '')
  let name = words
  for (let number = 2; names.has(name); number++) name = `${words}-${number}`
  names.add(name)
  const connections = Math.max(...group.map(({ workerCount }) => workerCount))
  return { name, connections, filters: [], patterns: [] }
}

function maxQos(group: readonly LaneRoute[]): 0 | 1 | 2 {
  return group.reduce<0 | 1 | 2>((most, { qos }) => (qos > most ? qos : most), 0)
}

function clash(lane: Draft, other: Draft): boolean {
  if (lane === other) return false
  return lane.filters.some(({ filter }) =>
    other.filters.some((each) => filtersOverlap(filter, each.filter)),
  )
}
