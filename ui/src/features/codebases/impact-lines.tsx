// Owns the lines that a change breaks: by risk or by folder, each with its reason, and with the lines around it when opened.
import { Link } from '@tanstack/react-router'
import { ChevronRight, ExternalLink } from 'lucide-react'
import { useState } from 'react'
import type { Break, Codebase } from '@/api/types'
import { plural } from '@/lib/format'
import { byFolder, type Certainty } from '@/lib/impact'
import { CodeContext } from './code-context'

export const CERTAINTY: Record<Certainty, { label: string; tone: string }> = {
  breaks: { label: 'breaks', tone: 'del' },
  may_break: { label: 'may break', tone: 'warn' },
  carries: { label: 'carries', tone: '' },
}

const NO_SPANS = () => []

/** The first endpoints that reach a line, each leading to its row, and how many more there are. */
function Reach({ item }: { item: Break }) {
  const more = item.endpoint_count - item.endpoints.length
  return (
    <>
      {' Reached by '}
      {item.endpoints.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <Link from="/p/$project" to="/p/$project/endpoints" search={{ q: name }} className="link mono">
            {name}
          </Link>
        </span>
      ))}
      {more > 0 && ` and ${more} more`}.
    </>
  )
}

function Opened({ item, codebase }: { item: Break; codebase: Codebase }) {
  return (
    <div className="impact-open">
      <p className="row small">
        <span className="grow">
          {item.reason}
          {item.endpoints.length > 0 && <Reach item={item} />}
        </span>
        <Link from="/p/$project" to="/p/$project/files/$" params={(now) => ({ ...now, _splat: item.file_path })} search={{ line: item.line_number }} className="btn">
          <ExternalLink className="i" aria-hidden="true" />
          Open
        </Link>
      </p>
      <CodeContext codebase={codebase} path={item.file_path} line={item.line_number} endLine={item.line_number} snippet={item.code_snippet} spansOn={NO_SPANS} />
    </div>
  )
}

function ImpactLine({ item, codebase }: { item: Break; codebase: Codebase }) {
  const [open, setOpen] = useState(false)
  const { label, tone } = CERTAINTY[item.certainty]
  return (
    <li>
      <button type="button" className="impact-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight className={`i chev ${open ? 'open' : ''}`} aria-hidden="true" />
        <span className={`chip ${tone}`}>{label}</span>
        <code className="cut place" title={`${item.file_path}:${item.line_number}`}>
          {item.file_path}:{item.line_number}
        </code>
        <code className="cut dim snippet">{item.code_snippet}</code>
        {item.is_test && <span className="chip hide-p">test</span>}
        {item.endpoint_count > 0 && <span className="chip hide-p">{plural(item.endpoint_count, 'endpoint')}</span>}
        <span className="num small dim" aria-label={`Risk ${item.risk} of 100`}>
          {item.risk}
        </span>
      </button>
      {open && <Opened item={item} codebase={codebase} />}
    </li>
  )
}

function Lines({ breaks, codebase, label }: { breaks: readonly Break[]; codebase: Codebase; label: string }) {
  return (
    <ol className="impact-lines" aria-label={label}>
      {breaks.map((item) => (
        <ImpactLine key={`${item.file_path}:${item.line_number}`} item={item} codebase={codebase} />
      ))}
    </ol>
  )
}

export function ImpactLines({ breaks, codebase, grouped }: { breaks: readonly Break[]; codebase: Codebase; grouped: boolean }) {
  if (!grouped) return <Lines breaks={breaks} codebase={codebase} label="Lines by risk" />
  return byFolder(breaks).map((group) => (
    <section key={group.folder} className="impact-group" aria-label={group.folder}>
      <h3 className="row">
        <code>{group.folder}</code>
        <span className="small dim">{plural(group.breaks.length, 'line')}</span>
      </h3>
      <Lines breaks={group.breaks} codebase={codebase} label={`Lines in ${group.folder}`} />
    </section>
  ))
}
