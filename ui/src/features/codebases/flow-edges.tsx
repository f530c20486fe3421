// Owns the lines of the flow: in the hue of their kind, the chosen one in accent with its file:line.
import { BaseEdge, EdgeLabelRenderer, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react'
import { KindLetter } from '@/components/marks'
import { edgeName, type ViewEdge } from '@/lib/graph-view'
import { kindColor } from '@/lib/usage-kinds'

export type UsageEdgeType = Edge<{ edge: ViewEdge; chosen: boolean; named: boolean; opacity: number }, 'usage'>
export type RelationEdgeType = Edge<Record<string, never>, 'relation'>

export function UsageEdge(props: EdgeProps<UsageEdgeType>) {
  const [path, labelX, labelY] = getBezierPath(props)
  const data = props.data
  if (!data) return null
  const { edge, chosen, named, opacity } = data
  const style = chosen
    ? { stroke: 'var(--accent)', strokeWidth: 2, opacity: 1 }
    : { stroke: kindColor(edge.kind), strokeWidth: named ? 2 : 1.25, opacity: named ? 1 : opacity }
  return (
    <>
      <BaseEdge id={props.id} path={path} style={style} interactionWidth={14} />
      {(chosen || named) && (
        <EdgeLabelRenderer>
          <span className="etag" style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>
            <KindLetter kind={edge.kind} />
            {edgeName(edge)}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

export function RelationEdge(props: EdgeProps<RelationEdgeType>) {
  const { sourceX, sourceY, targetX, targetY } = props
  const bend = Math.min(sourceX, targetX) - 32
  const path = `M${sourceX} ${sourceY}C${bend} ${sourceY} ${bend} ${targetY} ${targetX} ${targetY}`
  return <BaseEdge id={props.id} path={path} style={{ stroke: 'var(--control)', strokeDasharray: '3 3', opacity: 0.7 }} />
}
