// Owns the boxes of the flow: a table with its columns, a file with its functions, endpoints, or a part of the code.
import { type Node, type NodeProps } from '@xyflow/react'
import { Braces, ChevronDown, ChevronUp, Eye, Folder, FileCode, Package, Table2, type LucideIcon } from 'lucide-react'
import { createContext, memo, use } from 'react'
import { KindLetter, TypeGlyph } from '@/components/marks'
import type { BoxKind, FlowBox, FlowRow } from '@/lib/flow-model'
import { count } from '@/lib/format'
import { WHOLE_ROW } from '@/lib/graph-view'
import { languageMark } from '@/lib/usage-kinds'
import { useLineage } from './lineage-context'
import { SymbolName } from './symbol-name'

export type BoxNodeType = Node<{ box: FlowBox }, 'box'>

/** Whether boxes are so small that only their names are shown. */
export const FarContext = createContext(false)

const ICONS: Partial<Record<BoxKind, LucideIcon>> = { table: Table2, view: Eye, endpoints: Braces, folder: Folder, service: Package }

/** "app/service.py": the folder gives way first, since the end of a path tells more. */
export function PathName({ path }: { path: string }) {
  const slash = path.lastIndexOf('/') + 1
  return (
    <span className="symbol" title={path}>
      {slash > 0 && <span className="cut">{path.slice(0, slash)}</span>}
      <span className="cut">{path.slice(slash)}</span>
    </span>
  )
}

/** What a row is called: a column, a function or an endpoint. */
export function RowName({ row }: { row: FlowRow }) {
  if (row.lock.kind === 'symbol') return <SymbolName symbol={row.name} />
  if (row.name === WHOLE_ROW) return <span className="cut grow text-left">whole row</span>
  return (
    <code className="cut grow text-left" title={row.name}>
      {row.name}
    </code>
  )
}

export function BoxIcon({ box }: { box: FlowBox }) {
  const Icon = ICONS[box.kind] ?? (box.opens ? FileCode : null)
  return Icon ? <Icon className="i" aria-hidden="true" /> : <span className="lang">{languageMark(box.language)}</span>
}

export function RowContent({ row }: { row: FlowRow }) {
  return (
    <>
      {row.column && <TypeGlyph type={row.column.type} primaryKey={row.column.primary_key} />}
      <RowName row={row} />
      {row.kinds.length > 0 && (
        <span className="ks">
          {row.kinds.map((kind) => (
            <KindLetter key={kind} kind={kind} />
          ))}
        </span>
      )}
      {row.total !== null && <span className="n small faint">{count(row.total)}</span>}
    </>
  )
}

/** The name of a box: a button where it can be locked or opened. */
export function BoxName({ box }: { box: FlowBox }) {
  const { toggleLock, openGroup } = useLineage()
  const { lock, opens } = box
  const name = box.layer === 0 ? <span className="cut">{box.name}</span> : <PathName path={box.name} />
  if (opens) {
    return (
      <button type="button" data-row className="headname" aria-label={`Open ${opens.kind} ${box.name}`} onClick={() => openGroup(opens)}>
        {name}
      </button>
    )
  }
  if (lock === null) return <span className="headname">{name}</span>
  return (
    <button type="button" data-row className="headname" aria-pressed={box.light === 'locked'} onClick={() => toggleLock(lock)}>
      {name}
    </button>
  )
}

export function MoreRow({ box, className = 'noderow' }: { box: FlowBox; className?: string }) {
  const { toggleRows } = useLineage()
  const Icon = box.expanded ? ChevronUp : ChevronDown
  return (
    <button type="button" data-row className={`${className} more small dim`} aria-expanded={box.expanded} aria-label={`${box.more} of ${box.name}`} onClick={() => toggleRows(box.id)}>
      <span className="cut grow text-left">{box.more}</span>
      <Icon className="i" aria-hidden="true" />
    </button>
  )
}

const lightClass = (light: FlowRow['light']): string => (light === 'plain' ? '' : light)

function Rows({ box }: { box: FlowBox }) {
  const { toggleLock, chosen } = useLineage()
  return (
    <ul>
      {box.rows.map((row) => {
        const isChosen = row.lock.kind === 'symbol' && chosen?.file_path === row.lock.file && (chosen.symbol ?? '') === row.lock.symbol
        return (
          <li key={row.id} className={`${lightClass(row.light)} ${isChosen ? 'chosen' : ''}`}>
            <button type="button" className="noderow" aria-pressed={row.light === 'locked'} onClick={() => toggleLock(row.lock)}>
              <RowContent row={row} />
            </button>
          </li>
        )
      })}
      {box.more !== null && <li>{box.opens ? <span className="noderow small dim">{box.more}</span> : <MoreRow box={box} />}</li>}
    </ul>
  )
}

export const BoxNode = memo(function BoxNode({ data: { box } }: NodeProps<BoxNodeType>) {
  const far = use(FarContext)
  return (
    <article className={`node box-${box.kind} ${lightClass(box.light)}`} aria-label={`${box.kind} ${box.name}`}>
      {far ? (
        <p className="cut">{box.name}</p>
      ) : (
        <>
          <h2>
            <BoxIcon box={box} />
            <BoxName box={box} />
            <span className="faint small">{count(box.total)}</span>
          </h2>
          <Rows box={box} />
        </>
      )}
    </article>
  )
})
