/**
 * One or more of something: where most have just one (a user's clients, the clients
 * of a user's own channel), a collection for each would cost more than what is in it.
 */
export type Few<Item extends object> = Item | Set<Item>

export function withOne<Item extends object>(few: Few<Item> | undefined, item: Item): Few<Item> {
  if (few === undefined || few === item) return item
  return few instanceof Set ? few.add(item) : new Set<Item>([few, item])
}

/** `undefined`: none is left. */
export function without<Item extends object>(
  few: Few<Item> | undefined,
  item: Item,
): Few<Item> | undefined {
  if (!(few instanceof Set)) return few === item ? undefined : few
  few.delete(item)
  return few.size === 0 ? undefined : few
}

export function allOf<Item extends object>(few: Few<Item> | undefined): Iterable<Item> {
  if (few === undefined) return []
  return few instanceof Set ? few : [few]
}

export function sizeOf(few: Few<object> | undefined): number {
  if (few === undefined) return 0
  return few instanceof Set ? few.size : 1
}
