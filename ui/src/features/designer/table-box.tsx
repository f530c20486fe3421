// Owns a table in the diagram: its columns, and the points between which foreign keys are drawn.
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { Eye, Link2, Table2 } from 'lucide-react'
import { memo } from 'react'
import type { LiveRelation } from '@/api/types'
import { TypeGlyph } from '@/components/marks'
import { useDiagram } from './diagram-context'
import { WIDTH } from './layout'

export type TableNode = Node<{ relation: LiveRelation }, 'table'>

export const TableBox = memo(function TableBox({ id, data: { relation } }: NodeProps<TableNode>) {
  const { chosen, choose, marks, editing, found } = useDiagram()
  const Icon = relation.kind === 'table' ? Table2 : Eye
  const references = new Set((relation.foreign_keys ?? []).flatMap((key) => key.columns))
  const state = `${chosen === id ? 'chosen' : ''} ${found && !found.has(id) ? 'dimmed' : ''} ${marks.get(id) ? `is-${marks.get(id)}` : ''}`
  return (
    <article className={`node erdbox ${state}`} style={{ width: WIDTH }} aria-label={`${(relation.kind ?? 'table').replace('_', ' ')} ${relation.name}`}>
      <Handle type="source" position={Position.Left} isConnectable={false} />
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <h2>
        <Icon className="i" aria-hidden="true" />
        <button type="button" className="cut grow text-left" aria-pressed={chosen === id} onClick={() => choose(id)}>
          {relation.name}
        </button>
      </h2>
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
    </article>
  )
})
