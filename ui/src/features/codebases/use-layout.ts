// Owns where the boxes of the flow stand: in the order that ELK answers, or where the user has moved them.
import { useCallback, useEffect, useMemo, useState } from 'react'
import { layOut } from '@/lib/elk'
import { layoutInput, orderFrom, stacked, type Point, type Positions } from '@/lib/flow-layout'
import type { FlowModel } from '@/lib/flow-model'
import { movedBoxes, rememberMoved } from '@/lib/flow-positions'

export interface Layout {
  model: FlowModel
  positions: Positions
  /** What was laid out: while it is the same, boxes keep their order, whatever is locked or expanded. */
  subject: object
}

interface Order {
  subject: object
  ids: string[]
  model: FlowModel
}

/** Asks ELK for the order of the boxes anew for each subject; the newest question wins. */
function useOrder(model: FlowModel, subject: object): { order: Order | null; ask: () => Promise<void> } {
  const [order, setOrder] = useState<Order | null>(null)
  useEffect(() => {
    let stale = false
    void layOut(layoutInput(model)).then((answer) => {
      if (!stale) setOrder({ subject, ids: orderFrom(answer), model })
    })
    return () => {
      stale = true
    }
    // The model also changes when something is locked or expanded, and then the order must stay.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [subject])
  const ask = useCallback(async () => {
    const ids = orderFrom(await layOut(layoutInput(model)))
    setOrder({ subject, ids, model })
  }, [model, subject])
  return { order, ask }
}

/** The layout of a model, or null while ELK works on the first one; `move` and `tidy` change it. */
export function useLayout(model: FlowModel, subject: object, codebase: string, scan: string) {
  const { order, ask } = useOrder(model, subject)
  const [moved, setMoved] = useState<Positions>(() => movedBoxes(codebase, scan))
  const keep = useCallback(
    (next: Positions) => {
      setMoved(next)
      rememberMoved(codebase, scan, next)
    },
    [codebase, scan],
  )
  // Until ELK has answered about another subject, the last one stays on screen.
  const shown = order === null || order.subject === subject ? model : order.model
  const layout = useMemo((): Layout | null => {
    if (order === null) return null
    const automatic = stacked(shown.boxes, order.ids)
    const own = Object.fromEntries(shown.boxes.flatMap((box) => (moved[box.id] ? [[box.id, moved[box.id] as Point]] : [])))
    return { model: shown, positions: { ...automatic, ...own }, subject: order.subject }
  }, [order, shown, moved])
  const move = useCallback((id: string, at: Point) => keep({ ...moved, [id]: { x: Math.round(at.x), y: Math.round(at.y) } }), [keep, moved])
  const tidy = useCallback(async () => {
    const mine = new Set(model.boxes.map((box) => box.id))
    keep(Object.fromEntries(Object.entries(moved).filter(([id]) => !mine.has(id))))
    await ask()
  }, [model, moved, keep, ask])
  const isMoved = shown.boxes.some((box) => moved[box.id] !== undefined)
  return { layout, move, tidy, isMoved }
}
