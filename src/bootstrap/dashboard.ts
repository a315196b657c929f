import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where the built dashboard is, from the source and from what is built of it; `null`: not built. */
export function dashboardFolder(): string | null {
  const places = [join('..', '..', 'build', 'dashboard'), join('..', '..', 'dashboard')]
  const folders = places.map((place) => join(import.meta.dirname, place))
  return folders.find((folder) => existsSync(join(folder, 'sheet.frame.html'))) ?? null
}
