// Owns the lines of the flow: one drawing beneath the boxes, so that moving over it costs nothing for each line.
import { ViewportPortal } from '@xyflow/react'
import { memo, useState, type MouseEvent } from 'react'
import { KindLetter } from '@/components/marks'
import { lineOpacity, lineWidth, type DrawnLine } from '@/lib/flow-layout'
import type { FlowLine } from '@/lib/flow-model'
import { kindColor } from '@/lib/usage-kinds'

const strokeOf = (line: FlowLine, isRelation: boolean): string => (isRelation ? 'var(--control)' : line.kind === null ? 'var(--dim)' : kindColor(line.kind))

function Tag({ drawn }: { drawn: DrawnLine }) {
  const { line, middle } = drawn
  return (
    <span className="etag" style={{ transform: `translate(-50%, -50%) translate(${middle.x}px, ${middle.y}px)` }}>
      {line.kind && <KindLetter kind={line.kind} />}
      <span className="px-1">{line.tag}</span>
    </span>
  )
}

interface FlowLinesProps {
  drawn: readonly DrawnLine[]
  relations: ReadonlySet<string>
  /** The line of the usage that is shown in detail. */
  chosen: string | null
  onFollow: (line: FlowLine) => void
}

export const FlowLines = memo(function FlowLines({ drawn, relations, chosen, onFollow }: FlowLinesProps) {
  const [hovered, setHovered] = useState<string | null>(null)
  const known = new Map(drawn.map((item) => [item.line.id, item]))
  const idAt = (event: MouseEvent) => (event.target as Element).getAttribute('data-line')
  const tags = [...new Set([chosen, hovered])].flatMap((id) => known.get(id ?? '') ?? [])
  return (
    <ViewportPortal>
      <svg
        className="flowlines"
        aria-hidden="true"
        onMouseOver={(event) => setHovered(idAt(event))}
        onMouseOut={() => setHovered(null)}
        onClick={(event) => {
          const line = known.get(idAt(event) ?? '')?.line
          if (line) onFollow(line)
        }}
      >
        {drawn.map(({ line, path }) => {
          const isTold = line.id === hovered || line.id === chosen
          const isRelation = relations.has(line.id)
          return (
            <path
              key={line.id}
              data-line={line.id}
              d={path}
              stroke={line.id === chosen ? 'var(--accent)' : strokeOf(line, isRelation)}
              strokeWidth={lineWidth(line) + (isTold ? 1 : 0)}
              strokeOpacity={isTold ? 1 : lineOpacity(line, drawn.length)}
              strokeDasharray={isRelation ? '3 3' : undefined}
            />
          )
        })}
      </svg>
      {tags.map((item) => (
        <Tag key={item.line.id} drawn={item} />
      ))}
    </ViewportPortal>
  )
})
