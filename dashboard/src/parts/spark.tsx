interface Props {
  readonly values: readonly number[]
  readonly label: string
  readonly width?: number
  readonly height?: number
}

/** A small line of how something went; the numbers are beside it. */
export function Spark({ values, label, width = 120, height = 24 }: Props) {
  const known = values.length > 1 ? values : [values[0] ?? 0, values[0] ?? 0]
  const most = Math.max(1, ...known)
  const step = width / (known.length - 1)
  const y = (value: number) => height - 1.5 - (value / most) * (height - 3)
  const points = known.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`)
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} />
      <polyline points={points.join(' ')} />
    </svg>
  )
}
