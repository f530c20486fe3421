// Owns the list of files a scan left out, by reason, and each of them on request.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Scan } from '@/api/types'
import { Panel } from '@/components/page'
import { Loaded } from '@/components/states'
import { bytes, count, plural, words } from '@/lib/format'
import { skippedQuery } from './api'

function EachSkipped({ codebase }: { codebase: string }) {
  const files = useInfiniteQuery(skippedQuery(codebase))
  return (
    <>
      <Loaded query={files} rows={3}>
        {(data) => (
          <ul className="places">
            {data.pages
              .flatMap((page) => page.items)
              .map((file) => (
                <li key={file.path}>
                  <code className="cut">{file.path}</code>
                  <span className="small dim">
                    {words(file.reason)} · {bytes(file.size_bytes)}
                  </span>
                </li>
              ))}
          </ul>
        )}
      </Loaded>
      {files.hasNextPage && (
        <button type="button" className="btn ghost wide" onClick={() => void files.fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  )
}

export function SkippedPanel({ codebase, scan }: { codebase: string; scan: Scan }) {
  const [each, setEach] = useState(false)
  const total = scan.skipped.reduce((sum, one) => sum + one.count, 0)
  return (
    <Panel
      title="Skipped"
      aside={
        <>
          {plural(total, 'file')}
          <button type="button" className="btn ghost" aria-pressed={each} onClick={() => setEach(!each)}>
            {each ? 'By reason' : 'Each file'}
          </button>
        </>
      }
    >
      {each ? (
        <EachSkipped codebase={codebase} />
      ) : (
        <ul className="skips">
          {scan.skipped.map((one) => (
            <li key={one.reason} title={one.examples.join('\n')}>
              <span className="cut">
                {words(one.reason)} {one.examples[0] && <code className="dim">{one.examples[0]}</code>}
              </span>
              <span className="small">{count(one.count)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
