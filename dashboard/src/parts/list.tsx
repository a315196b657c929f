import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

interface Props<Item> {
  readonly items: readonly Item[]
  readonly keyOf: (item: Item) => string
  /** Pixels; every row has as many. */
  readonly rowHeight: number
  readonly label: string
  readonly row: (item: Item) => ComponentChildren
  readonly empty: ComponentChildren
  /** Asks for more when its end comes into sight. */
  readonly onEnd?: (() => void) | undefined
}

/** Rows above and below what is seen, so that keys and wheels find them there. */
const BEYOND = 8

/** The one list: however long it is, only the rows in sight are in the document. */
export function List<Item>(props: Props<Item>) {
  const { items, keyOf, rowHeight, label, row, empty, onEnd } = props
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 800 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useKeptPlace(box, items, keyOf, rowHeight)
  const first = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND)
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + BEYOND)
  const isAtEnd = last >= items.length
  useLayoutEffect(() => {
    if (isAtEnd && items.length > 0) onEnd?.()
  }, [isAtEnd, items.length, onEnd])
  return (
    <div
      class="list"
      ref={box}
      onScroll={({ currentTarget: { scrollTop: top, clientHeight: height } }) =>
        setView({ top, height })
      }
    >
      {items.length === 0 ? empty : null}
      <ul aria-label={label} class="rows" style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, index) => (
          <li
            key={keyOf(item)}
            data-item
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
            style={{
              transform: `translateY(${(first + index) * rowHeight}px)`,
              height: `${rowHeight}px`,
            }}
          >
            {row(item)}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** What comes in at the top must not push away what somebody reads further down. */
function useKeptPlace<Item>(
  box: { readonly current: HTMLDivElement | null },
  items: readonly Item[],
  keyOf: (item: Item) => string,
  rowHeight: number,
): void {
  const top = useRef<string | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what came in moves the rows.
  useLayoutEffect(() => {
    const element = box.current
    const before = top.current
    top.current = items[0] === undefined ? null : keyOf(items[0])
    if (element === null || before === null || element.scrollTop < rowHeight) return
    const came = items.findIndex((item) => keyOf(item) === before)
    if (came > 0) element.scrollTop += came * rowHeight
  }, [items])
}
