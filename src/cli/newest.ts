import type { Answer } from './client.ts'
import { type Options, type Tools, wholeNumber } from './command.ts'

const USUAL = 15

/** The option of lists that grow without end. */
export const LIMIT = ['--limit <n>', `how many (default ${USUAL})`] as const

interface Showing {
  readonly columns: readonly string[]
  readonly query?: Options
  /** Said where there is nothing. */
  readonly nothing?: string
  /** What is shown of a row. */
  readonly shown?: (row: Answer) => Answer
}

/** Shows the newest of a list that grows without end, and says whether there is more. */
export async function showNewest(
  { client, out }: Tools,
  path: string,
  limit: Options[string],
  { columns, query = {}, nothing, shown = (row) => row }: Showing,
): Promise<void> {
  const most = wholeNumber('--limit', limit) ?? USUAL
  const { rows, isAll } = await client.list(path, query, most)
  out.table(rows.map(shown), columns, nothing)
  if (!isAll) out.note(`There is more: --limit ${2 * most} shows twice as much.`)
}
