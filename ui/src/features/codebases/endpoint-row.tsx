// Owns one endpoint in the list: its method and path, how many columns it uses, and when opened which ones, through what.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight, ExternalLink } from 'lucide-react'
import { useState } from 'react'
import type { Codebase, Endpoint, EndpointColumn } from '@/api/types'
import { KindLetter } from '@/components/marks'
import { EmptyState, Loaded } from '@/components/states'
import { count, plural } from '@/lib/format'
import { endpointQuery } from './api'
import { ChainText } from './endpoint-chain'

function ColumnLine({ column }: { column: EndpointColumn }) {
  const name = `${column.table_name}.${column.column_name}`
  return (
    <li>
      <span className="usekinds">
        {column.usage_types.map((kind) => (
          <KindLetter key={kind} kind={kind} />
        ))}
      </span>
      <Link from="/p/$project" to="/p/$project/lineage" search={{ table: column.table_name, column: column.column_name }} className="link mono cut" title={name}>
        {name}
      </Link>
      <ChainText chain={column.chain} />
      <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: column.file_path })} search={{ line: column.line_number }} className="link mono cut hide-p">
        {column.file_path.slice(column.file_path.lastIndexOf('/') + 1)}:{column.line_number}
      </Link>
    </li>
  )
}

interface EndpointRowProps {
  endpoint: Endpoint
  codebase: Codebase
  table?: string | undefined
  column?: string | undefined
}

function Opened({ endpoint, codebase, table, column }: EndpointRowProps) {
  const detail = useQuery(endpointQuery(codebase.id, endpoint.id))
  const isShown = (one: EndpointColumn) => (!table || one.table_name === table) && (!column || one.column_name === column || one.column_name === '*')
  return (
    <div className="endpoint-open">
      <p className="row small">
        <span className="grow cut">
          {endpoint.framework}
          {endpoint.handler && (
            <>
              {', '}
              <code>{endpoint.handler}</code>
            </>
          )}
        </span>
        <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: endpoint.file_path })} search={{ line: endpoint.line_number }} className="btn">
          <ExternalLink className="i" aria-hidden="true" />
          Open
        </Link>
      </p>
      <Loaded query={detail} rows={3}>
        {(data) => {
          const columns = data.columns.filter(isShown)
          if (columns.length === 0) return <EmptyState text="It is not seen to use a column." />
          return (
            <ol className="endpoint-columns" aria-label={`Columns of ${endpoint.method} ${endpoint.path}`}>
              {columns.map((one) => (
                <ColumnLine key={one.column_id} column={one} />
              ))}
            </ol>
          )
        }}
      </Loaded>
    </div>
  )
}

export function EndpointRow(props: EndpointRowProps) {
  const [open, setOpen] = useState(false)
  const { method, path, columns_read: reads, columns_written: writes, file_path: file, line_number: line } = props.endpoint
  return (
    <li>
      <button type="button" className="endpoint" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight className={`i chev ${open ? 'open' : ''}`} aria-hidden="true" />
        <code className="method">{method}</code>
        <code className="cut path" title={path}>
          {path}
        </code>
        <span className="small dim num" title={`It reads ${plural(reads, 'column')}`}>
          {reads > 0 ? `reads ${count(reads)}` : ''}
        </span>
        <span className="small num" title={`It writes ${plural(writes, 'column')}`}>
          {writes > 0 ? `writes ${count(writes)}` : ''}
        </span>
        <code className="cut dim place hide-p" title={`${file}:${line}`}>
          {file}:{line}
        </code>
      </button>
      {open && <Opened {...props} />}
    </li>
  )
}
