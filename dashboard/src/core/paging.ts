import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { useCallback, useMemo } from 'preact/hooks'
import { api, type Json, type Problem } from './api.ts'
import { useResource } from './resource.ts'

export interface Pages {
  readonly items: ReadonlySignal<readonly Json[]>
  readonly isLoaded: ReadonlySignal<boolean>
  readonly error: ReadonlySignal<Problem | null>
  reload(): Promise<void>
  /** Fetches the next page, if there is one. */
  more(): void
}

/** A list with a cursor: its first page is kept fresh, later ones come when its end is reached. */
export function usePages(
  path: string,
  options: { readonly on?: readonly string[]; readonly everyMs?: number } = {},
): Pages {
  const first = useResource(path, options)
  const later = useMemo(() => new Later(path), [path])
  const items = useMemo(
    () => computed(() => joined(first.data.value?.data ?? [], later.items.value)),
    [first, later],
  )
  const isLoaded = useMemo(() => computed(() => first.data.value !== undefined), [first])
  const more = useCallback(
    () => void later.fetch(first.data.value?.next_cursor ?? null),
    [first, later],
  )
  return { items, isLoaded, error: first.error, reload: first.reload, more }
}

/** What moved from the first page to a later one is shown once. */
function joined(first: readonly Json[], later: readonly Json[]): readonly Json[] {
  if (later.length === 0) return first
  const known = new Set(first.map(({ id }) => id))
  return [...first, ...later.filter(({ id }) => !known.has(id))]
}

class Later {
  readonly items = signal<readonly Json[]>([])
  readonly #path: string
  #cursor: string | null | undefined
  #isFetching = false

  constructor(path: string) {
    this.#path = path
  }

  async fetch(firstCursor: string | null): Promise<void> {
    const cursor = this.#cursor === undefined ? firstCursor : this.#cursor
    if (cursor === null || this.#isFetching) return
    this.#isFetching = true
    try {
      const page = await api.get(`${this.#path}&cursor=${encodeURIComponent(cursor)}`)
      this.items.value = joined(this.items.value, page.data)
      this.#cursor = page.next_cursor
    } catch {
      // A cursor whose message is gone: the list ends here.
      this.#cursor = null
    } finally {
      this.#isFetching = false
    }
  }
}
