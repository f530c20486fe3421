// Owns the chart of new bytes: a bar a snapshot, unusual growth in the warning colour, the same figures as text.
import type { GrowthBar } from './timeline-data'
import { ceiling } from './timeline-data'
import { bytes, plural } from '@/lib/format'

const HEIGHT = 72
const STEP = 14
const WIDE = 10
// The room of a full chart is kept, so that few bars are not drawn as blocks.
const SLOTS = 60
// Bars between two words under them: as many as a date is wide on a phone.
const APART = 14

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const date = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })

/** The labels below the bars: times within one day, else dates. */
function axis(bars: readonly GrowthBar[]): { place: number; text: string }[] {
  const [first, last] = [bars[0], bars.at(-1)]
  if (first === undefined || last === undefined) return []
  const short = Date.parse(last.to) - Date.parse(first.from) < 86_400_000
  const texts = bars.map((bar, place) => ({ place, text: (short ? clock : date).format(new Date(bar.from)) }))
  const changed = texts.filter(({ place, text }) => texts[place - 1]?.text !== text)
  return changed.reduce<typeof changed>((kept, one) => (kept.length === 0 || one.place - kept.at(-1)!.place >= APART ? [...kept, one] : kept), [])
}

function tone(bar: GrowthBar, current: string | undefined): string | undefined {
  if (current !== undefined && bar.ids.includes(current)) return 'now'
  return bar.grew ? 'odd' : undefined
}

interface ChartProps {
  bars: readonly GrowthBar[]
  current: string | undefined
  onChoose: (id: string) => void
}

export function GrowthChart({ bars, current, onChoose }: ChartProps) {
  const top = ceiling(bars)
  const width = Math.max(SLOTS, bars.length) * STEP
  const sum = bars.reduce((total, bar) => total + bar.bytes, 0)
  const grew = bars.filter((bar) => bar.grew).length
  const several = bars.some((bar) => bar.ids.length > 1)
  const told = `${several ? 'Bars of several snapshots' : plural(bars.length, 'snapshot')}, ${bytes(sum)} of new data${grew ? `, ${grew} with unusual growth` : ''}`
  return (
    <section className="growth" aria-label="New data">
      <div className="row">
        <h2>{several ? 'New data, several snapshots per bar' : 'New data per snapshot'}</h2>
        <span className="end small dim">{bytes(sum)} in total</span>
      </div>
      <svg viewBox={`0 0 ${width} ${HEIGHT + 4}`} preserveAspectRatio="none" role="img" aria-label={told}>
        <line x1="0" y1={HEIGHT + 0.5} x2={width} y2={HEIGHT + 0.5} />
        {bars.map((bar, place) => {
          const cut = bar.bytes > top
          const high = bar.bytes === 0 ? 1 : Math.max(2, (Math.min(bar.bytes, top) / top) * (HEIGHT - 4))
          const x = place * STEP
          return (
            <g key={bar.ids[0]} className={tone(bar, current)} onClick={() => onChoose(bar.ids.at(-1) ?? '')}>
              <title>{`${date.format(new Date(bar.from))}, ${clock.format(new Date(bar.from))}: +${bytes(bar.bytes)}${bar.grew ? ', unusual growth' : ''}${cut ? ' (bar truncated)' : ''}`}</title>
              <rect className="hit" x={x - 2} y="0" width={STEP} height={HEIGHT} />
              <rect x={x} y={HEIGHT - high} width={WIDE} height={high} rx="1" />
              {cut && <path className="cutoff" d={`M${x - 1} ${HEIGHT * 0.4}l${WIDE + 2} -6v4l-${WIDE + 2} 6z`} />}
            </g>
          )
        })}
      </svg>
      <div className="axis" aria-hidden="true">
        {axis(bars).map(({ place, text }) => (
          <span key={place} style={{ left: `${(place * STEP * 100) / width}%` }}>
            {text}
          </span>
        ))}
      </div>
    </section>
  )
}
