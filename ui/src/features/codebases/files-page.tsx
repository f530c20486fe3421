// Owns the file browser: tree at the left, the file in the middle, the columns it uses at the right.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Codebase } from '@/api/types'
import { NeedsScan } from '@/components/needs-scan'
import { usePageTitle } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { bytes, plural } from '@/lib/format'
import { fileQuery } from './api'
import { CodeView } from './code-view'
import { FileTree } from './file-tree'
import { FileUsages } from './file-usages'

const route = getRouteApi('/shell/p/$project/files')

function OpenFile({ codebase, path }: { codebase: Codebase; path: string }) {
  const { line } = route.useSearch()
  const navigate = route.useNavigate()
  const file = useQuery(fileQuery(codebase.id, path))
  const [shown, setShown] = useState<number | null>(line ?? null)
  const goTo = (next: number) => {
    setShown(next)
    void navigate({ to: '.', search: (now) => ({ ...now, line: next }), replace: true })
  }
  return (
    <>
      <section className="filebox" aria-label={path}>
        <header>
          <code className="cut">{path}</code>
          {file.data && (
            <span className="small dim end hide-p">
              {plural(file.data.lines, 'line')}, {bytes(file.data.size_bytes)}
              {file.data.truncated && ', truncated'}
            </span>
          )}
        </header>
        <Loaded query={file} rows={16}>
          {(data) => <CodeView file={data} line={line} onLine={setShown} />}
        </Loaded>
      </section>
      {file.data && <FileUsages file={file.data} line={shown} onLine={goTo} />}
    </>
  )
}

function Files({ codebase }: { codebase: Codebase }) {
  const { _splat: path } = useParams({ strict: false })
  return (
    <div className={`files ${path ? 'has-file' : ''}`}>
      <FileTree codebase={codebase} current={path} />
      {path ? (
        <OpenFile key={path} codebase={codebase} path={path} />
      ) : (
        <section className="filebox" aria-label="File">
          <EmptyState text="Select a file to see which columns each line uses." />
        </section>
      )}
    </div>
  )
}

export function FilesPage() {
  const { _splat: path } = useParams({ strict: false })
  const title = path ? path.slice(path.lastIndexOf('/') + 1) : 'Files'
  usePageTitle(title)
  return (
    <NeedsScan title="Files">
      {(codebase) => (
        <>
          <h1 className="sr">{title}</h1>
          <Files key={codebase.id} codebase={codebase} />
        </>
      )}
    </NeedsScan>
  )
}
