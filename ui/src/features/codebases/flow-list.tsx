// Owns the list twin of the flow: the same boxes, rows, locks and order as text, for phones, keyboards and screen readers.
import { useMemo, type ReactNode } from 'react'
import type { Codebase } from '@/api/types'
import type { FlowBox, FlowModel, Layer } from '@/lib/flow-model'
import { count, plural } from '@/lib/format'
import { SkeletonRows } from '@/components/states'
import { useListKeys } from '@/lib/list-keys'
import { BoxIcon, BoxName, MoreRow, RowContent } from './flow-nodes'
import { useLineage } from './lineage-context'
import { useLayout } from './use-layout'

const SECTIONS: readonly { layer: Layer; title: string; label: string }[] = [
  { layer: 0, title: 'Tables', label: 'Tables and columns' },
  { layer: 1, title: 'Code', label: 'Code that uses these columns' },
  { layer: 2, title: 'Endpoints', label: 'Endpoints that reach this code' },
]

/** What the lines of a box say: with how many boxes it is joined. */
function useJoined(model: FlowModel): ReadonlyMap<string, number> {
  return useMemo(() => {
    const others = new Map<string, Set<string>>()
    for (const { from, to } of model.lines) {
      others.set(from, (others.get(from) ?? new Set()).add(to))
      others.set(to, (others.get(to) ?? new Set()).add(from))
    }
    return new Map([...others].map(([id, set]) => [id, set.size]))
  }, [model])
}

function joinedText(box: FlowBox, joined: number, hasFiles: boolean): string {
  if (box.layer === 2) return `reaches ${plural(joined, 'file')}`
  if (box.opens !== null) return `uses ${plural(joined, 'table')}`
  return box.layer === 0 ? `used in ${plural(joined, hasFiles ? 'file' : 'part')}` : ''
}

function ListBox({ box, joined, hasFiles }: { box: FlowBox; joined: number; hasFiles: boolean }) {
  const { toggleLock, chosen } = useLineage()
  return (
    <li className={box.light === 'off' ? 'off' : ''}>
      <h3 className={box.light === 'locked' ? 'locked' : ''}>
        <BoxIcon box={box} />
        <BoxName box={box} />
        <span className="faint small hide-p">{joinedText(box, joined, hasFiles)}</span>
        <span className="n faint small">{count(box.total)}</span>
      </h3>
      {(box.rows.length > 0 || box.more !== null) && (
        <ul>
          {box.rows.map((row) => {
            const isChosen = row.lock.kind === 'symbol' && chosen?.file_path === row.lock.file && (chosen.symbol ?? '') === row.lock.symbol
            return (
              <li key={row.id} className={`${row.light === 'plain' ? '' : row.light} ${isChosen ? 'chosen' : ''}`}>
                <button type="button" data-row className="noderow" aria-pressed={row.light === 'locked'} onClick={() => toggleLock(row.lock)}>
                  <RowContent row={row} />
                </button>
              </li>
            )
          })}
          {box.more !== null && <li>{box.opens ? <span className="noderow small dim">{box.more}</span> : <MoreRow box={box} />}</li>}
        </ul>
      )}
    </li>
  )
}

interface FlowListProps {
  model: FlowModel
  subject: object
  codebase: Codebase
  scope: string
  children?: ReactNode
}

export function FlowList({ model: wanted, subject, codebase, scope, children }: FlowListProps) {
  const list = useListKeys<HTMLDivElement>()
  const { layout } = useLayout(wanted, subject, codebase.id, codebase.scan?.id ?? '')
  const model = layout?.model ?? wanted
  const joined = useJoined(model)
  const hasFiles = model.boxes.some((box) => box.kind === 'file' && box.opens === null)
  // The boxes of the flow from top to bottom.
  const y = (box: FlowBox) => layout?.positions[box.id]?.y ?? 0
  if (layout === null) return <SkeletonRows rows={6} label="Sorting the list" />
  return (
    <div className="twin" ref={list}>
      <p className="small dim">
        {scope} {children}
      </p>
      {SECTIONS.map(({ layer, title, label }) => {
        const boxes = model.boxes.filter((box) => box.layer === layer).sort((a, b) => y(a) - y(b))
        if (boxes.length === 0) return null
        return (
          <section key={layer}>
            <h2>{title}</h2>
            <ul aria-label={label}>
              {boxes.map((box) => (
                <ListBox key={box.id} box={box} joined={joined.get(box.id) ?? 0} hasFiles={hasFiles} />
              ))}
            </ul>
          </section>
        )
      })}
    </div>
  )
}
