import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { theme } from '../core/theme.ts'

export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

interface Props {
  readonly title: string
  /** Epoch seconds. */
  readonly at: readonly number[]
  readonly series: readonly Series[]
}

const HEIGHT = 220
const LEAST_SECONDS = 120
const COLOURS = ['--brass', '--info', '--good']

/** Lines over time, with their last values in words. */
export function Chart({ title, at, series }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const names = series.map(({ name }) => name).join()
  const look = theme.value
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page's style.
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const made = new uPlot(optionsFor(element, names.split(',')), [[]], element)
    plot.current = made
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [names, look])
  useEffect(() => {
    plot.current?.setData([at as number[], ...series.map(({ values }) => values as number[])])
  }, [at, series])
  const words = series.map(({ name, values }) => `${values.at(-1) ?? 0} ${name}`).join(', ')
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        <p class="hint">{words}</p>
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  )
}

function optionsFor(element: HTMLElement, names: readonly string[]): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => resolved(element, style.getPropertyValue(name))
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 } }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: ({ data: [at] }) => spanOf(at) },
      y: { range: (_, __, most) => [0, Math.max(4, most)] },
    },
    axes: [axis, { ...axis, size: 44 }],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        width: 2,
        stroke: colour(COLOURS[index % COLOURS.length] ?? '--brass'),
      })),
    ],
  }
}

/** From the first moment to the last, at least two minutes: one point alone would span years. */
function spanOf(at: ArrayLike<number>): [number, number] {
  const last = at[at.length - 1] ?? Date.now() / 1000
  return [Math.min(at[0] ?? last, last - LEAST_SECONDS), last]
}

/** `light-dark(…)` as the one colour that holds now: a canvas knows only those. */
function resolved(element: HTMLElement, value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
