import { describe, expect, it } from 'vitest'
import { foldersAbove, treeRows } from './file-tree'

const files = [
  { path: 'app/b/two.py', usage_count: 2, status: 'scanned' },
  { path: 'app/one.py', usage_count: 1, status: 'scanned' },
  { path: 'README.md', usage_count: 0, status: 'unsupported' },
]
const names = (open: string[], query = '') => treeRows(files, new Set(open), query).map((row) => `${' '.repeat(row.depth)}${row.name}`)

describe('treeRows', () => {
  it('shows closed folders first, with the usages under them', () => {
    expect(names([])).toEqual(['app', 'README.md'])
    expect(treeRows(files, new Set(), '')[0]?.usages).toBe(3)
  })

  it('shows what open folders hold', () => {
    expect(names(['app'])).toEqual(['app', ' b', ' one.py', 'README.md'])
  })

  it('opens everything around a match', () => {
    expect(names([], 'b two')).toEqual(['app', ' b', '  two.py'])
  })
})

describe('foldersAbove', () => {
  it('names each folder of a path', () => {
    expect(foldersAbove('app/b/two.py')).toEqual(['app', 'app/b'])
  })
})
