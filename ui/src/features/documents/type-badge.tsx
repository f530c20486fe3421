// Owns the badge that tells the type of a key.
const LETTERS: Record<string, string> = { string: 'S', hash: 'H', list: 'L', set: 'E', zset: 'Z', stream: 'X' }
const TONES: Record<string, string> = { string: 'k-R', hash: 'k-J', list: 'k-W', set: 'k-F', zset: 'k-U', stream: 'k-P' }
export const NAMES: Record<string, string> = { string: 'string', hash: 'hash', list: 'list', set: 'set', zset: 'sorted set', stream: 'stream' }

export function TypeBadge({ type }: { type: string }) {
  return (
    <span className={`k ${TONES[type] ?? 'k-D'}`} title={NAMES[type] ?? type}>
      <span aria-hidden="true">{LETTERS[type] ?? '?'}</span>
      <span className="sr">{NAMES[type] ?? type}</span>
    </span>
  )
}
