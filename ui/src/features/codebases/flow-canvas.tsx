// Owns the flow diagram: tables at the left, code at the right, laid out by ELK, drawn by xyflow.
import '@xyflow/react/dist/base.css'
import { Background, ReactFlow, ReactFlowProvider, useReactFlow, type EdgeTypes, type NodeTypes } from '@xyflow/react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Usage } from '@/api/types'
import { SkeletonRows } from '@/components/states'
import { ZoomControls } from '@/components/zoom-controls'
import { columnPort, FILE_WIDTH, fileId, symbolPort, TABLE_WIDTH, tableId, type Positions } from '@/lib/flow-layout'
import { edgeName, type GraphView } from '@/lib/graph-view'
import { RelationEdge, UsageEdge, type RelationEdgeType, type UsageEdgeType } from './flow-edges'
import { FileNode, TableNode, type FileNodeType, type TableNodeType } from './flow-nodes'
import { useLineage } from './lineage-context'
import { useLayout } from './use-layout'

const NODES: NodeTypes = { table: TableNode, file: FileNode }
const EDGES: EdgeTypes = { usage: UsageEdge, relation: RelationEdge }
const CULL_ABOVE = 100
const MARGIN = 40

type FlowNode = TableNodeType | FileNodeType
type FlowEdge = UsageEdgeType | RelationEdgeType

/** Boxes stay where ELK puts them, but what is inside them can be clicked, which xyflow denies to such boxes. */
const still = { draggable: false, selectable: false, connectable: false, style: { pointerEvents: 'all' } } as const

function flowNodes(view: GraphView, positions: Positions): FlowNode[] {
  const tables = view.tables.map((table): TableNodeType => {
    const id = tableId(table.name)
    return { id, type: 'table', position: positions[id] ?? { x: 0, y: 0 }, data: { table }, ...still }
  })
  const files = view.files.map((file): FileNodeType => {
    const id = fileId(file.file_path)
    return { id, type: 'file', position: positions[id] ?? { x: 0, y: 0 }, data: { file }, ...still }
  })
  return [...tables, ...files]
}

function usageEdges(view: GraphView, chosen: Usage | null, hovered: string | null): UsageEdgeType[] {
  const tableOf = new Map(view.tables.flatMap((table) => table.columns.map((column) => [column.column_id, table.name] as const)))
  const isChosen = (edge: GraphView['edges'][number]) =>
    chosen !== null && edge.column_id === chosen.column_id && edge.file_path === chosen.file_path && edge.symbol === (chosen.symbol ?? '')
  // Many lines over each other would glare: the more there are, the fainter each one is.
  const opacity = Math.max(0.25, Math.min(0.6, 80 / view.edges.length))
  return view.edges.flatMap((plain): UsageEdgeType[] => {
    const table = tableOf.get(plain.column_id)
    // The chosen line is named after the usage in detail, which need not be the commonest kind between the two.
    const edge = chosen && isChosen(plain) ? { ...plain, kind: chosen.usage_type, line_number: chosen.line_number } : plain
    if (table === undefined) return []
    return [
      {
        id: edge.id,
        type: 'usage',
        source: tableId(table),
        sourceHandle: columnPort(edge.column_id),
        target: fileId(edge.file_path),
        targetHandle: symbolPort(edge.file_path, edge.symbol),
        ariaLabel: `${table}, used at ${edgeName(edge)}`,
        zIndex: isChosen(edge) ? 2 : 0,
        data: { edge, chosen: isChosen(edge), named: edge.id === hovered, opacity: hovered === null ? opacity : opacity / 2 },
      },
    ]
  })
}

function relationEdges(view: GraphView): RelationEdgeType[] {
  const tableOf = new Map(view.tables.flatMap((table) => table.columns.map((column) => [column.column_id, table.name] as const)))
  return view.relations.flatMap(({ from_column_id: from, to_column_id: to }): RelationEdgeType[] => {
    const [source, target] = [tableOf.get(from), tableOf.get(to)]
    if (source === undefined || target === undefined) return []
    return [
      { id: `relation ${from} ${to}`, type: 'relation', source: tableId(source), target: tableId(target), sourceHandle: `from ${from}`, targetHandle: `to ${to}`, data: {} },
    ]
  })
}

/** Shows the graph from its top, as wide as fits but never smaller than can be read. */
function useFirstView(of: GraphView | undefined, width: number) {
  const flow = useReactFlow()
  useEffect(() => {
    if (!of || width === 0) return
    const needed = TABLE_WIDTH + 260 + FILE_WIDTH + 2 * MARGIN
    const zoom = Math.min(1, Math.max(0.6, width / needed))
    void flow.setViewport({ x: Math.max(MARGIN, (width - needed * zoom) / 2 + MARGIN * zoom), y: MARGIN, zoom })
  }, [of, width, flow])
}

function Canvas({ view, scope }: { view: GraphView; scope: string }) {
  const box = useRef<HTMLElement>(null)
  const [width, setWidth] = useState(0)
  const [hovered, setHovered] = useState<string | null>(null)
  const { chosen, pick } = useLineage()
  const layout = useLayout(view)
  useFirstView(layout?.of, width)
  useEffect(() => {
    if (box.current) setWidth(box.current.clientWidth)
  }, [])
  const nodes = useMemo(() => (layout ? flowNodes(layout.of, layout.positions) : []), [layout])
  const edges = useMemo<FlowEdge[]>(
    () => (layout ? [...relationEdges(layout.of), ...usageEdges(layout.of, chosen, hovered)] : []),
    [layout, chosen, hovered],
  )
  return (
    <section ref={box} className="canvas" aria-label="Flow from columns to code">
      {layout === null && <SkeletonRows rows={6} label="Laying out the flow" />}
      <ReactFlow<FlowNode, FlowEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        nodesFocusable={false}
        edgesFocusable={false}
        nodesConnectable={false}
        onlyRenderVisibleElements={nodes.length > CULL_ABOVE}
        panOnScroll
        minZoom={0.15}
        maxZoom={1.5}
        onEdgeMouseEnter={(_, edge) => setHovered(edge.id)}
        onEdgeMouseLeave={() => setHovered(null)}
        onEdgeClick={(_, edge) => {
          if (edge.type === 'usage' && edge.data) pick({ file: edge.data.edge.file_path, symbol: edge.data.edge.symbol, columnId: edge.data.edge.column_id })
        }}
      >
        <Background gap={16} size={1} color="var(--line)" />
      </ReactFlow>
      <p className="scope">{scope}</p>
      <ZoomControls />
    </section>
  )
}

export default function FlowCanvas(props: { view: GraphView; scope: string }) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}
