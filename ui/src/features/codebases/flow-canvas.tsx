// Owns the flow diagram: tables at the left, code in the middle, endpoints at the right; boxes can be moved.
import '@xyflow/react/dist/base.css'
import { Background, ReactFlow, ReactFlowProvider, useNodesState, useReactFlow, useStore, type NodeTypes, type Viewport } from '@xyflow/react'
import { LayoutGrid } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type CSSProperties, type ReactNode } from 'react'
import type { Codebase } from '@/api/types'
import { SkeletonRows } from '@/components/states'
import { ZoomControls } from '@/components/zoom-controls'
import { drawingWidth, drawnLines, heightOf, LEFT, widthOf, type Positions } from '@/lib/flow-layout'
import type { FlowModel } from '@/lib/flow-model'
import { isSameLock, type Lock } from '@/lib/graph-lock'
import { symbolKey } from '@/lib/graph-view'
import { FlowExport } from './flow-export'
import { FlowLines } from './flow-lines'
import { BoxNode, FarContext, type BoxNodeType } from './flow-nodes'
import { useLineage } from './lineage-context'
import { useLayout } from './use-layout'

const NODES: NodeTypes = { box: BoxNode }
/** Below this zoom rows cannot be read: boxes show their names alone, and lines are straight. */
const FAR = 0.35
/** Below this zoom lines are no more than a grey cloud: only those of the locked path are drawn. */
const FARTHEST = 0.15
const CULL_ABOVE = 100
const MARGIN = 32
/** Below this zoom the letters of a row are smaller than nine pixels. */
const READABLE = 0.75

/** What is inside boxes can be pressed, which xyflow denies to boxes that cannot be selected. */
const PRESSABLE = { pointerEvents: 'all' } as const

function nodesFor(model: FlowModel, positions: Positions, before: readonly BoxNodeType[]): BoxNodeType[] {
  const known = new Map(before.map((node) => [node.id, node]))
  return model.boxes.map((box) => {
    const at = { position: positions[box.id] ?? { x: 0, y: 0 }, width: widthOf(box), height: heightOf(box) }
    const old = known.get(box.id)
    return old ? { ...old, ...at, data: { box } } : { id: box.id, type: 'box', data: { box }, style: PRESSABLE, ...at }
  })
}

/** Shows a new subject from its top, as wide as fits but never smaller than can be read; again when the room for it changes. */
function useFirstView(subject: object | undefined, model: FlowModel | undefined) {
  const flow = useReactFlow()
  const width = useStore((state) => state.width)
  const last = useRef<{ subject: object; view: Viewport } | null>(null)
  useEffect(() => {
    if (!subject || !model || width === 0) return
    const now = flow.getViewport()
    const before = last.current
    // Where the user has gone is not changed.
    if (before?.subject === subject && (now.x !== before.view.x || now.y !== before.view.y || now.zoom !== before.view.zoom)) return
    const needed = drawingWidth(model.boxes) + MARGIN
    const zoom = Math.min(1, Math.max(READABLE, width / needed))
    const view = { x: LEFT * zoom + Math.max(0, (width - needed * zoom) / 2), y: MARGIN, zoom }
    last.current = { subject, view }
    void flow.setViewport(view)
  }, [subject, model, width, flow])
}

export interface Jump {
  lock: Lock
}

/** Brings what was searched for into view. */
function useJump(jump: Jump | null, model: FlowModel | undefined, positions: Positions | undefined) {
  const flow = useReactFlow()
  const last = useRef<Jump | null>(null)
  useEffect(() => {
    if (!jump || !model || !positions || last.current === jump) return
    const box = model.boxes.find((item) => isSameLock(item.lock, jump.lock) || item.rows.some((row) => isSameLock(row.lock, jump.lock)))
    const at = box && positions[box.id]
    if (!box || !at) return
    last.current = jump
    void flow.setCenter(at.x + widthOf(box) / 2, at.y + heightOf(box) / 2, { zoom: Math.max(0.8, Math.min(1, flow.getZoom())), duration: 0 })
  }, [jump, model, positions, flow])
}

/** The lines where the boxes are now, also while one is dragged. */
function useLines(model: FlowModel | undefined, nodes: readonly BoxNodeType[], zoom: 'near' | 'far' | 'farthest') {
  return useMemo(() => {
    if (!model) return { drawn: [], relations: new Set<string>() }
    const positions = Object.fromEntries(nodes.map((node) => [node.id, node.position]))
    const all = drawnLines(model, positions, zoom !== 'near')
    const drawn = zoom === 'farthest' ? all.filter(({ line }) => line.light === 'on') : all
    return { drawn, relations: new Set(model.relations.map((line) => line.id)) }
  }, [model, nodes, zoom])
}

export interface FlowCanvasProps {
  model: FlowModel
  /** The answer that is drawn: another one is laid out anew. */
  subject: object
  codebase: Codebase
  title: string
  scope: string
  jump: Jump | null
  children?: ReactNode
}

function Canvas({ model, subject, codebase, title, scope, jump, children }: FlowCanvasProps) {
  const { followLine, chosen, lock } = useLineage()
  const { layout, move, tidy, isMoved } = useLayout(model, subject, codebase.id, codebase.scan?.id ?? '')
  const zoom = useStore((state) => (state.transform[2] < FARTHEST ? 'farthest' : state.transform[2] < FAR ? 'far' : 'near'))
  const [nodes, setNodes, onNodesChange] = useNodesState<BoxNodeType>([])
  const [moving, setMoving] = useState(false)
  useEffect(() => {
    if (layout) setNodes((before) => nodesFor(layout.model, layout.positions, before))
  }, [layout, setNodes])
  useFirstView(layout?.subject, layout?.model)
  useJump(jump, layout?.model, layout?.positions)
  const { drawn, relations } = useLines(layout?.model, nodes, zoom)
  const chosenLine = useMemo(() => {
    const at = chosen && symbolKey(chosen.file_path, chosen.symbol ?? '')
    const lines = drawn.filter(({ line }) => line.at && symbolKey(line.at.file, line.at.symbol) === at && line.from === `table ${chosen?.table_name}`)
    return (lines.find(({ line }) => line.fromRow?.endsWith(chosen?.column_id ?? '?')) ?? lines[0])?.line.id ?? null
  }, [drawn, chosen])
  return (
    <section className={`canvas flow ${zoom} ${moving ? 'moving' : ''} ${lock ? 'has-lock' : ''}`} style={{ '--lines': model.lines.length } as CSSProperties} aria-label="Flow from columns to code">
      {layout === null && <SkeletonRows rows={6} label="Laying out the flow" />}
      <FarContext value={zoom !== 'near'}>
        <ReactFlow<BoxNodeType>
          nodes={nodes}
          nodeTypes={NODES}
          onNodesChange={onNodesChange}
          onNodeDragStop={(_, node) => move(node.id, node.position)}
          onMoveStart={() => setMoving(true)}
          onMoveEnd={() => setMoving(false)}
          nodeDragThreshold={4}
          nodesFocusable={false}
          edgesFocusable={false}
          nodesConnectable={false}
          elementsSelectable={false}
          deleteKeyCode={null}
          onlyRenderVisibleElements={nodes.length > CULL_ABOVE}
          panOnScroll
          minZoom={0.05}
          maxZoom={1.5}
        >
          {zoom === 'near' && <Background gap={16} size={1} color="var(--line)" />}
          <FlowLines drawn={drawn} relations={relations} chosen={chosenLine} onFollow={followLine} />
        </ReactFlow>
      </FarContext>
      <p className="scope">
        {scope} {children}
      </p>
      <ZoomControls>
        <button type="button" className="btn icon" aria-label="Tidy up" title={isMoved ? 'Tidy up: forget where boxes were moved' : 'Tidy up'} onClick={() => void tidy()}>
          <LayoutGrid className="i" aria-hidden="true" />
        </button>
        {layout && <FlowExport model={layout.model} positions={layout.positions} title={title} subtitle={`${codebase.name}. ${scope}`} />}
      </ZoomControls>
    </section>
  )
}

export default function FlowCanvas(props: FlowCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}
