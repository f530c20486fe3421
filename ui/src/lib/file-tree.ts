// Owns turning a list of paths into the rows of a tree: folders first, only open folders show what they hold.

export interface TreeFile {
  path: string
  usage_count: number
  status: string
}

export interface TreeRow {
  path: string
  name: string
  depth: number
  folder: boolean
  open: boolean
  usages: number
  status: string
}

interface Folder {
  path: string
  name: string
  folders: Map<string, Folder>
  files: TreeFile[]
  usages: number
}

const emptyFolder = (path: string, name: string): Folder => ({ path, name, folders: new Map(), files: [], usages: 0 })

function build(files: readonly TreeFile[]): Folder {
  const root = emptyFolder('', '')
  for (const file of files) {
    let folder = root
    folder.usages += file.usage_count
    for (const name of file.path.split('/').slice(0, -1)) {
      const path = folder.path ? `${folder.path}/${name}` : name
      const next: Folder = folder.folders.get(name) ?? emptyFolder(path, name)
      folder.folders.set(name, next)
      next.usages += file.usage_count
      folder = next
    }
    folder.files.push(file)
  }
  return root
}

function rowsOf(folder: Folder, depth: number, isOpen: (path: string) => boolean): TreeRow[] {
  const rows: TreeRow[] = []
  for (const child of [...folder.folders.values()].sort((a, b) => a.name.localeCompare(b.name))) {
    const open = isOpen(child.path)
    rows.push({ path: child.path, name: child.name, depth, folder: true, open, usages: child.usages, status: 'scanned' })
    if (open) rows.push(...rowsOf(child, depth + 1, isOpen))
  }
  for (const file of [...folder.files].sort((a, b) => a.path.localeCompare(b.path))) {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    rows.push({ path: file.path, name, depth, folder: false, open: false, usages: file.usage_count, status: file.status })
  }
  return rows
}

/** The folders above a path, outermost first. */
export function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}

/** The visible rows: with a query all folders of the matches are open. */
export function treeRows(files: readonly TreeFile[], open: ReadonlySet<string>, query: string): TreeRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rowsOf(build(files), 0, (path) => open.has(path))
  const found = files.filter((file) => words.every((word) => file.path.toLowerCase().includes(word)))
  return rowsOf(build(found), 0, () => true)
}
