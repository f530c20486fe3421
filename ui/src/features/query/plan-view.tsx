// Owns a query plan as a page: its nodes as a tree with their share of the time, and the advice with its statement.
import { Lightbulb } from 'lucide-react'
import type { Plan, PlanNode } from '@/api/types'
import { figures } from './plan-figures'

function Node({ node, most, depth }: { node: PlanNode; most: number; depth: number }) {
  const weight = node.milliseconds ?? node.cost ?? 0
  const own = weight - node.children.reduce((sum, child) => sum + (child.milliseconds ?? child.cost ?? 0), 0)
  const share = Math.max(0, Math.min(1, own / (most || 1)))
  return (
    <>
      <li className="plan-node" style={{ paddingLeft: 16 + depth * 20 }}>
        <div className="row">
          <b>{node.operation}</b>
          {node.target && <code>{node.target}</code>}
          <span className="grow" />
          <span className="small dim">
            {figures(node)}
          </span>
        </div>
        <div className="plan-bar" style={{ width: `${(share * 100).toFixed(1)}%` }} />
        {Object.entries(node.detail)
          .filter(([name]) => /Cond|Filter|Key|Removed/.test(name))
          .map(([name, value]) => (
            <p key={name} className="small dim">
              {name}: <code>{value}</code>
            </p>
          ))}
      </li>
      {node.children.map((child, at) => (
        <Node key={at} node={child} most={most} depth={depth + 1} />
      ))}
    </>
  )
}

export function PlanView({ plan, onUse }: { plan: Plan; onUse: (statement: string) => void }) {
  return (
    <div className="scroll p-4" role="region" aria-label="Plan" tabIndex={0}>
      {plan.advice.map((advice, at) => (
        <div key={at} className="note mb-3">
          <Lightbulb className="i t-warn" aria-hidden="true" />
          <div className="grow">
            <p>{advice.text}</p>
            {advice.statement && <code>{advice.statement}</code>}
          </div>
          {advice.statement && (
            <button type="button" className="btn" onClick={() => onUse(advice.statement ?? '')}>
              Insert into the editor
            </button>
          )}
        </div>
      ))}
      <p className="dim small mb-2">
        {plan.execution_ms !== null ? `Executed in ${plan.execution_ms.toFixed(1)} ms (rolled back); planning ${(plan.planning_ms ?? 0).toFixed(1)} ms.` : 'Estimated; not executed.'}
      </p>
      <ul>
        <Node node={plan.root} most={plan.root.milliseconds ?? plan.root.cost ?? 1} depth={0} />
      </ul>
    </div>
  )
}
