// Owns a log: newest lines in view while they come, unless the reader has scrolled up.
import { useEffect, useRef, type ReactNode } from 'react'
import type { LogLine } from '@/api/types'
import { time } from '@/lib/format'
import { Panel } from './page'

const TONES = { info: '', warning: 't-warn', error: 't-del' } as const

export function LogView({ lines, title, aside }: { lines: LogLine[]; title: string; aside?: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines.length])
  return (
    <Panel title={title} aside={aside}>
      <div
        ref={box}
        className="log"
        role="log"
        aria-label={title}
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, clientHeight, scrollHeight } = event.currentTarget
          follows.current = scrollTop + clientHeight > scrollHeight - 24
        }}
      >
        {lines.length === 0 && <p>No log lines yet.</p>}
        {lines.map((line) => (
          <p key={line.id} className={TONES[line.level]}>
            <time dateTime={line.at}>{time(line.at)}</time>
            {line.level !== 'info' && <span className="font-semibold">{line.level} </span>}
            {line.message}
          </p>
        ))}
      </div>
    </Panel>
  )
}
