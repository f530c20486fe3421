// Owns the small marks that stand beside a name: type glyph, usage-kind letter, confidence, state, bar.
import { Ban, Check, CircleDashed, KeyRound, LoaderCircle, X } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { RunState, Tier, UsageKind } from '@/api/types'
import { typeGlyph } from '@/lib/type-glyph'
import { kindColor, kindInfo, tierInfo } from '@/lib/usage-kinds'

export function Mark({ size = 20, stroke = 1.6 }: { size?: number; stroke?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth={stroke} strokeLinecap="round" aria-hidden="true">
      <path d="M3 3c0 5 7 4.500 7 9.500M10 3v9.500M17 3c0 5-7 4.500-7 9.500" />
      <circle cx="10" cy="15.500" r="1.900" fill="currentColor" stroke="none" />
    </svg>
  )
}

export function TypeGlyph({ type, primaryKey = false }: { type: string; primaryKey?: boolean }) {
  const glyph = typeGlyph(type, primaryKey)
  if (glyph === 'key') {
    return (
      <span className="g" title="primary key">
        <KeyRound aria-label="key" className="mx-auto" size={12} strokeWidth={1.6} />
      </span>
    )
  }
  return (
    <span className="g" title={glyph.title} aria-hidden="true">
      {glyph.text}
    </span>
  )
}

export function KindLetter({ kind }: { kind: UsageKind }) {
  const { letter, label } = kindInfo(kind)
  return (
    <span className="k" style={{ '--c': kindColor(kind) } as CSSProperties} title={label}>
      {letter}
    </span>
  )
}

export function TierMark({ tier }: { tier: Tier }) {
  const { label, squares } = tierInfo(tier)
  return (
    <span className="row small">
      <span className="tier" aria-hidden="true">
        {[1, 2, 3].map((square) => (
          <i key={square} className={square > squares ? 'no' : undefined} />
        ))}
      </span>
      <b className="font-semibold">{label}</b>
    </span>
  )
}

/** A bar that is always told in words too. */
export function Bar({ part, label, className = '' }: { part: number; label: string; className?: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100)
  return (
    <span className={`bar ${className}`} role="progressbar" aria-label={label} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}>
      <i style={{ width: `${percent}%` }} />
    </span>
  )
}

const STATES: Record<RunState, { label: string; icon: typeof Check; tone: string }> = {
  pending: { label: 'Waiting', icon: CircleDashed, tone: '' },
  running: { label: 'Running', icon: LoaderCircle, tone: '' },
  completed: { label: 'Done', icon: Check, tone: 'add' },
  failed: { label: 'Failed', icon: X, tone: 'del' },
  cancelled: { label: 'Cancelled', icon: Ban, tone: '' },
}

export function StateChip({ state }: { state: RunState }) {
  const { label, icon: Icon, tone } = STATES[state]
  return (
    <span className={`chip ${tone}`}>
      <Icon className="i" aria-hidden="true" />
      {label}
    </span>
  )
}
