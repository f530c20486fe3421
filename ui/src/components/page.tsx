// Owns the frame of a page: its title (one h1, also the window's title), a panel, a plain table's wrapper.
import { useEffect, type ReactNode } from 'react'

/** Names the browser window after the page. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Headwater`
  }, [title])
}

interface PageProps {
  title: string
  subtitle?: ReactNode
  actions?: ReactNode
  children: ReactNode
  narrow?: boolean
}

export function PageFrame({ title, subtitle, actions, children, narrow }: PageProps) {
  usePageTitle(title)
  return (
    <div className={`page ${narrow ? 'narrow' : ''}`}>
      <div className="head">
        <h1 className="cut">{title}</h1>
        {subtitle}
        <span className="grow" />
        {actions}
      </div>
      {children}
    </div>
  )
}

export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside && <span className="aside">{aside}</span>}
      </header>
      {children}
    </section>
  )
}

/** A table that scrolls by itself when the screen is narrow. */
export function TableScroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="relative overflow-x-auto" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

interface HeadCell {
  name: string
  className?: string
  /** Said, not shown, as over a column of buttons. */
  unseen?: boolean
}

/** The heads of a table's columns. */
export function TableHead({ columns }: { columns: readonly HeadCell[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ name, className, unseen }) => (
          <th key={name} scope="col" className={className}>
            {unseen ? <span className="sr">{name}</span> : name}
          </th>
        ))}
      </tr>
    </thead>
  )
}
