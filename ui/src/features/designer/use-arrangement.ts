// Owns the places of the tables: remembered by this browser, arranged by ELK where nothing fitting is remembered.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { LiveRelation } from '@/api/types'
import { layOut } from '@/lib/elk'
import { balanced, isStale, layoutInput, positionsFrom, remember, remembered, withNewcomers, type Positions } from './layout'

export function useArrangement(database: string, relations: readonly LiveRelation[]) {
  const [known, setKnown] = useState<Positions>(() => remembered(database))
  const turn = useRef(0)
  const keep = useCallback(
    (positions: Positions) => {
      setKnown(positions)
      remember(database, positions)
    },
    [database],
  )
  const arrange = useCallback(async () => {
    const mine = ++turn.current
    const answer = await layOut(layoutInput(relations))
    if (mine === turn.current) keep(balanced(positionsFrom(answer), relations))
  }, [relations, keep])
  const stale = relations.length > 0 && isStale(known, relations)
  useEffect(() => {
    if (stale) void arrange()
  }, [stale, arrange])
  const positions = useMemo(() => (stale ? null : withNewcomers(known, relations)), [stale, known, relations])
  return {
    positions,
    arrange,
    move: (id: string, at: { x: number; y: number }) => keep({ ...withNewcomers(known, relations), [id]: { x: Math.round(at.x), y: Math.round(at.y) } }),
    /** A table that gets another name stays where it is. */
    follow: (from: string, to: string) => {
      const at = withNewcomers(known, relations)[from]
      if (at) keep({ ...known, [to]: at })
    },
  }
}
