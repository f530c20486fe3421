// Owns the query page with what other features add to it: saving a query on a dashboard.
import { SqlPage } from '@/features/query/sql-page'
import { SaveQueryDialog } from './save-query-dialog'

export function QueryPage() {
  return <SqlPage SaveDialog={SaveQueryDialog} />
}
