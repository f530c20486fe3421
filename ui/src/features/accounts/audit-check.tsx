// Owns the check of the hash chains of the audit log.
import { ShieldCheck, TriangleAlert } from 'lucide-react'
import type { AuditVerification } from '@/api/types'
import { Panel, TableHead, TableScroll } from '@/components/page'
import { count } from '@/lib/format'

const COLUMNS = [{ name: 'Chain' }, { name: 'Sealed entries', className: 'num' }, { name: 'Not sealed yet', className: 'num' }, { name: 'Result' }, { name: 'Last position and hash' }]

type Chain = AuditVerification['chains'][number]

function ChainRow({ chain }: { chain: Chain }) {
  return (
    <tr>
      <td>{chain.organization_id === null ? 'This instance' : chain.organization}</td>
      <td className="num">{count(chain.entries)}</td>
      <td className="num">{count(chain.unsealed)}</td>
      <td>{chain.broken ? `Entry ${count(chain.broken.position)}: ${chain.broken.reason}` : 'Intact'}</td>
      <td className="mono max-w-72 cut" title={`${chain.last}:${chain.head}`}>{chain.head ? `${chain.last}:${chain.head}` : '–'}</td>
    </tr>
  )
}

/** The result of a check, chain by chain. */
export function AuditCheck({ result }: { result: AuditVerification }) {
  return (
    <Panel title="Check of the hash chains">
      <p className="row p-4" role="status">
        {result.intact ? <ShieldCheck className="i t-add" aria-hidden="true" /> : <TriangleAlert className="i t-del" aria-hidden="true" />}
        {result.intact ? (
          <span>
            No sealed entry was changed or removed. Keep the last position and hash elsewhere: <code>headwater audit verify --expect</code> proves later that they are still part of the chain.
          </span>
        ) : (
          'The log was changed. The first entry of each chain that is not as it was sealed is named below.'
        )}
      </p>
      <TableScroll label="Chains">
        <table className="table">
          <TableHead columns={COLUMNS} />
          <tbody>
            {result.chains.map((chain) => (
              <ChainRow key={chain.organization_id ?? 'instance'} chain={chain} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Panel>
  )
}
