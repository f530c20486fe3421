// Owns small time series: a line with its newest value, and the same figures as text for those who do not see it.
interface SparklineProps {
  label: string
  values: number[]
  show: (value: number) => string
}

const WIDTH = 240
const HEIGHT = 44

export function Sparkline({ label, values, show }: SparklineProps) {
  const most = Math.max(...values, 1)
  const least = Math.min(...values, 0)
  const x = (at: number) => (values.length < 2 ? 0 : (at / (values.length - 1)) * WIDTH)
  const y = (value: number) => HEIGHT - 2 - ((value - least) / (most - least || 1)) * (HEIGHT - 4)
  const newest = values.at(-1) ?? 0
  return (
    <figure className="spark">
      <figcaption className="dim small">
        {label} <b>{show(newest)}</b>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${label}: now ${show(newest)}, at most ${show(most)} in the last hour`}>
        <polyline points={values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />
      </svg>
    </figure>
  )
}
