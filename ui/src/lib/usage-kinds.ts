// Owns the words, letters and order of usage kinds and confidence tiers.
import type { Tier, UsageKind } from '@/api/types'

export interface KindInfo {
  kind: UsageKind
  letter: string
  label: string
}

/** First the four kinds that look at rows, then the three that change them. */
export const KINDS: readonly KindInfo[] = [
  { kind: 'read', letter: 'R', label: 'Read' },
  { kind: 'projection', letter: 'P', label: 'Projection' },
  { kind: 'filter', letter: 'F', label: 'Filter' },
  { kind: 'join', letter: 'J', label: 'Join' },
  { kind: 'write', letter: 'W', label: 'Write' },
  { kind: 'update', letter: 'U', label: 'Update' },
  { kind: 'delete', letter: 'D', label: 'Delete' },
]

const byKind = new Map(KINDS.map((info) => [info.kind, info]))

/** The letter and label of a kind. */
export function kindInfo(kind: UsageKind): KindInfo {
  return byKind.get(kind) ?? { kind, letter: '?', label: kind }
}

/** The CSS colour of a kind. */
export const kindColor = (kind: UsageKind): string => `var(--k-${kind})`

export const TIERS: readonly { tier: Tier; label: string; squares: number }[] = [
  { tier: 'A', label: 'Exact', squares: 3 },
  { tier: 'B', label: 'Inferred', squares: 2 },
  { tier: 'C', label: 'Name only', squares: 1 },
]

/** The word and the number of squares of a tier. */
export function tierInfo(tier: Tier): { label: string; squares: number } {
  return TIERS.find((info) => info.tier === tier) ?? { label: tier, squares: 0 }
}

/** "typescript" -> "ts": the short mark before a file. */
export function languageMark(language: string | null): string {
  const marks: Record<string, string> = {
    python: 'py', typescript: 'ts', tsx: 'tsx', javascript: 'js', jsx: 'jsx', java: 'java', ruby: 'rb', rust: 'rs', csharp: 'cs', markdown: 'md',
  }
  return language ? (marks[language] ?? language.slice(0, 4)) : ''
}

/** "typescript" -> "TypeScript". */
export function languageName(language: string): string {
  const names: Record<string, string> = {
    typescript: 'TypeScript', javascript: 'JavaScript', tsx: 'TypeScript (tsx)', jsx: 'JavaScript (jsx)', sql: 'SQL', csharp: 'C#', graphql: 'GraphQL', php: 'PHP',
  }
  return names[language] ?? language.charAt(0).toUpperCase() + language.slice(1)
}
