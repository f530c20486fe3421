// Owns the two kinds of boxes of the flow: a table with its columns, a file with its functions.
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { Eye, Table2 } from 'lucide-react'
import { KindLetter, TypeGlyph } from '@/components/marks'
import { columnPort, FILE_WIDTH, symbolPort, TABLE_WIDTH } from '@/lib/flow-layout'
import { count } from '@/lib/format'
import { WHOLE_ROW, type ViewFile, type ViewTable } from '@/lib/graph-view'
import { languageMark } from '@/lib/usage-kinds'
import { useLineage } from './lineage-context'
import { SymbolName } from './symbol-name'

export type TableNodeType = Node<{ table: ViewTable }, 'table'>
export type FileNodeType = Node<{ file: ViewFile }, 'file'>

export function TableNode({ data: { table } }: NodeProps<TableNodeType>) {
  const { lockColumn, lockTable, locked } = useLineage()
  const Icon = table.kind === 'view' ? Eye : Table2
  return (
    <article className="node" style={{ width: TABLE_WIDTH }} aria-label={`${table.kind} ${table.name}`}>
      <h2>
        <Icon className="i" aria-hidden="true" />
        <button type="button" className="cut grow text-left hover:underline" onClick={() => lockTable(table.name)}>
          {table.name}
        </button>
        <span className="faint">{table.kind}</span>
      </h2>
      <ul>
        {table.columns.map((column) => {
          const isLocked = locked.table === table.name && locked.column === column.name
          return (
            <li key={column.column_id} className={`${isLocked ? 'locked' : ''} ${column.used ? 'on' : ''}`}>
              <Handle type="source" position={Position.Left} id={`from ${column.column_id}`} isConnectable={false} />
              <Handle type="target" position={Position.Left} id={`to ${column.column_id}`} isConnectable={false} />
              <button type="button" className="noderow" aria-pressed={isLocked} onClick={() => lockColumn(table.name, column.name)}>
                <TypeGlyph type={column.type} primaryKey={column.primary_key} />
                {column.name === WHOLE_ROW ? <span className="cut grow">whole row</span> : <code className="cut grow">{column.name}</code>}
                <span className="faint small">{count(column.total)}</span>
              </button>
              <Handle type="source" position={Position.Right} id={columnPort(column.column_id)} isConnectable={false} />
            </li>
          )
        })}
        {table.more > 0 && <li className="noderow more faint small">{table.more} more columns</li>}
      </ul>
    </article>
  )
}

export function FileNode({ data: { file } }: NodeProps<FileNodeType>) {
  const { pick, chosen, lockFile } = useLineage()
  const slash = file.file_path.lastIndexOf('/') + 1
  return (
    <article className="node" style={{ width: FILE_WIDTH }} aria-label={file.file_path}>
      <h2>
        <span className="lang">{languageMark(file.language)}</span>
        <button type="button" className="cut grow text-left hover:underline" title={file.file_path} onClick={() => lockFile(file.file_path)}>
          <span className="faint">{file.file_path.slice(0, slash)}</span>
          {file.file_path.slice(slash)}
        </button>
        <span className="faint">{count(file.total)}</span>
      </h2>
      <ul>
        {file.symbols.map((one) => {
          const isChosen = chosen?.file_path === file.file_path && (chosen.symbol ?? '') === (one.symbol ?? '')
          return (
            <li key={one.symbol} className={isChosen ? 'locked' : 'on'}>
              <Handle type="target" position={Position.Left} id={symbolPort(file.file_path, one.symbol)} isConnectable={false} />
              <button type="button" className="noderow" aria-pressed={isChosen} onClick={() => pick({ file: file.file_path, symbol: one.symbol })}>
                <SymbolName symbol={one.symbol} />
                <span className="ks">
                  {one.kinds.map((kind) => (
                    <KindLetter key={kind} kind={kind} />
                  ))}
                </span>
                <span className="n small faint">{count(one.total)}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </article>
  )
}
