// Owns a document as a tree: nested objects and arrays fold, values are coloured by type.
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { isObject, describeValue, type Json } from '@/lib/extended-json'

const MOST_CHILDREN = 100

function Children({ value, depth }: { value: Json; depth: number }) {
  const [most, setMost] = useState(MOST_CHILDREN)
  const pairs: [string, Json][] = Array.isArray(value) ? value.map((one, at) => [String(at), one]) : isObject(value) ? Object.entries(value) : []
  return (
    <ul className="jtree">
      {pairs.slice(0, most).map(([name, one]) => (
        <Field key={name} name={name} value={one} depth={depth} />
      ))}
      {pairs.length > most && (
        <li>
          <button type="button" className="link" onClick={() => setMost(most + 1000)}>
            {pairs.length - most} more
          </button>
        </li>
      )}
    </ul>
  )
}

function Field({ name, value, depth }: { name: string; value: Json; depth: number }) {
  const { kind, text } = describeValue(value)
  const nested = kind === 'object' || kind === 'array'
  const [open, setOpen] = useState(false)
  if (!nested) {
    return (
      <li className="jfield">
        <span className="jname">{name}</span>
        <span className={`jvalue j-${kind}`}>{text}</span>
      </li>
    )
  }
  return (
    <li>
      <button type="button" className="jfield" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight className={`i chev ${open ? 'open' : ''}`} aria-hidden="true" />
        <span className="jname">{name}</span>
        <span className="dim">{kind === 'array' ? `[ ${text} ]` : `{ ${text} }`}</span>
      </button>
      {open && <Children value={value} depth={depth + 1} />}
    </li>
  )
}

export function JsonTree({ value }: { value: Json }) {
  return <Children value={value} depth={0} />
}
