// Owns a table in the diagram: its columns, and the points between which foreign keys are drawn.
import { Handle, Position, useUpdateNodeInternals, type Node, type NodeProps } from '@xyflow/react'
import { Eye, Link2, Table2 } from 'lucide-react'
import { memo, useEffect } from 'react'
import type { LiveRelation } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { useDiagram } from './diagram-context'
import { heightOf, WIDTH } from './layout'
import type { Mark } from './staging'
import { useDetail } from './use-detail'

export type TableNode = Node<{ relation: LiveRelation }, 'table'>

export const TableBox = memo(function TableBox({ id, data: { relation }, positionAbsoluteX: x, positionAbsoluteY: y }: NodeProps<TableNode>) {
  const { chosen, choose, marks, editing, found } = useDiagram()
  const height = heightOf(relation)
  const detail = useDetail({ x, y, width: WIDTH, height })
  const tied = editing && detail
  const update = useUpdateNodeInternals()
  useEffect(() => {
    // xyflow measures where lines may begin only when it is told that there are new places for them.
    if (tied) update(id)
  }, [tied, id, update])
  const Icon = relation.kind === 'table' ? Table2 : Eye
  const state = `${chosen === id ? 'chosen' : ''} ${found && !found.has(id) ? 'dimmed' : ''} ${marks.get(id) ? `is-${marks.get(id)}` : ''}`
  return (
    <article className={`node erdbox ${state}`} style={{ width: WIDTH, height }} aria-label={`${(relation.kind ?? 'table').replace('_', ' ')} ${relation.name}`}>
      <h2>
        <Icon className="i" aria-hidden="true" />
        <button type="button" className="cut grow text-left" aria-pressed={chosen === id} onClick={() => choose(id)}>
          {relation.name}
        </button>
      </h2>
      {detail && <Columns {...{ id, relation, marks, editing }} />}
    </article>
  )
})

function Columns({ id, relation, marks, editing }: { id: string; relation: LiveRelation; marks: ReadonlyMap<string, Mark>; editing: boolean }) {
  const references = new Set((relation.foreign_keys ?? []).flatMap((key) => key.columns))
  return (
    <ul>
      {relation.columns.map((column) => {
        const mark = marks.get(`${id} ${column.name}`)
        return (
          <li key={column.name} className={mark ? `is-${mark}` : ''}>
            {editing && relation.kind === 'table' && (
              <>
                <Handle className="tie" type="source" position={Position.Left} id={`l ${column.name}`} />
                <Handle className="tie" type="source" position={Position.Right} id={`r ${column.name}`} />
              </>
            )}
            <TypeGlyph type={column.type ?? ''} primaryKey={relation.primary_key?.includes(column.name) ?? false} />
            <code className="cut grow">{column.name}</code>
            {references.has(column.name) && <Link2 className="i dim" aria-label="foreign key" />}
            <span className="faint small cut">{column.type}</span>
          </li>
        )
      })}
    </ul>
  )
}
