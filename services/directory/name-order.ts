/** Where the list of names is read from so that `id` comes first if it is there. */
export function justBefore(id: string): string {
  const last = id.charCodeAt(id.length - 1)
  return `${id.slice(0, -1)}${String.fromCharCode(last - 1)}\u{10FFFF}`
}

/** Partition and last name of a page's cursor. */
export function splitCursor(cursor: string): [string, string] {
  const cut = cursor.indexOf('~')
  return [cursor.slice(0, cut), cursor.slice(cut + 1)]
}
