// Owns turning keys such as `user:1:cart` into the rows of a tree: only open groups show what they hold.

export interface TreeKey {
  id: string
  type: string
}

export interface KeyRow {
  /** The id of a key, or the beginning that all keys of a group share. */
  path: string
  name: string
  depth: number
  /** How many keys a group holds; null for a key. */
  keys: number | null
  type: string
  open: boolean
}

interface Group {
  path: string
  groups: Map<string, Group>
  keys: { name: string; key: TreeKey }[]
  count: number
}

const SEPARATOR = ':'
const emptyGroup = (path: string): Group => ({ path, groups: new Map(), keys: [], count: 0 })

function build(keys: readonly TreeKey[]): Group {
  const root = emptyGroup('')
  for (const key of keys) {
    // An escaped name is one word: what looks like a separator in it may be none.
    const parts = key.id.startsWith('"') ? [key.id] : key.id.split(SEPARATOR)
    let group = root
    group.count += 1
    for (const part of parts.slice(0, -1)) {
      const next: Group = group.groups.get(part) ?? emptyGroup(`${group.path}${part}${SEPARATOR}`)
      group.groups.set(part, next)
      next.count += 1
      group = next
    }
    group.keys.push({ name: parts.at(-1) ?? '', key })
  }
  return root
}

const byName = (one: string, two: string) => one.localeCompare(two, 'en', { numeric: true })

function rowsOf(group: Group, depth: number, isOpen: (path: string) => boolean): KeyRow[] {
  const rows: KeyRow[] = []
  for (const [name, child] of [...group.groups].sort(([one], [two]) => byName(one, two))) {
    // A group of a single key is no group.
    const only = child.count === 1 ? single(child) : null
    if (only) {
      rows.push({ path: only.id, name: only.id.slice(group.path.length), depth, keys: null, type: only.type, open: false })
      continue
    }
    const open = isOpen(child.path)
    rows.push({ path: child.path, name, depth, keys: child.count, type: '', open })
    if (open) rows.push(...rowsOf(child, depth + 1, isOpen))
  }
  for (const { name, key } of [...group.keys].sort((one, two) => byName(one.name, two.name))) {
    rows.push({ path: key.id, name: name || key.id, depth, keys: null, type: key.type, open: false })
  }
  return rows
}

function single(group: Group): TreeKey | null {
  if (group.keys[0]) return group.keys[0].key
  const [child] = group.groups.values()
  return child ? single(child) : null
}

/** The rows of the tree of these keys, groups first. */
export const keyRows = (keys: readonly TreeKey[], isOpen: (path: string) => boolean): KeyRow[] => rowsOf(build(keys), 0, isOpen)
