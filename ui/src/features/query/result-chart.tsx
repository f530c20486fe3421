// Owns the chart under a query: that of its last statement with rows, as chosen above it.
import { lazy, Suspense, useState } from 'react'
import type { Chart, QueryAnswer } from '@/api/types'
import { Segmented } from '@/components/field'
import { EmptyState, SkeletonRows } from '@/components/states'
import { count } from '@/lib/format'

const ChartControls = lazy(() => import('@/components/charts/chart-controls').then((module) => ({ default: module.ChartControls })))
const ChartView = lazy(() => import('@/components/charts/chart').then((module) => ({ default: module.ChartView })))

export function ResultChart({ answer, chart, onChange }: { answer: QueryAnswer; chart: Chart; onChange: (chart: Chart) => void }) {
  const [shown, setShown] = useState<'drawing' | 'table'>('drawing')
  const result = answer.results.filter((one) => one.columns !== null).at(-1)
  if (!result?.columns) return <EmptyState text={answer.error ? 'The query failed. See the error under Results.' : 'The query returned no rows to plot.'} />
  return (
    <Suspense fallback={<SkeletonRows rows={4} />}>
      <ChartControls chart={chart} columns={result.columns} rows={result.rows} onChange={onChange} />
      <ChartView label="Result" chart={chart} columns={result.columns} rows={result.rows} asTable={shown === 'table'} />
      <footer className="statusbar">
        <span>{count(result.rows.length)} rows{result.truncated ? ', limit reached: the chart shows only these' : ''}</span>
        <span className="grow" />
        <Segmented label="View as" value={shown} onChange={setShown} options={[{ value: 'drawing', label: 'Chart' }, { value: 'table', label: 'Table' }]} />
      </footer>
    </Suspense>
  )
}
