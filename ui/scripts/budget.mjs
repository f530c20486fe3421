// Owns the size budget: entry JS + CSS <= 160 KB gzip, each route's own chunks <= 100 KB gzip (what the entry and
// the shell around every page have loaded is not counted again; the ELK worker is exempt), Monaco, which loads behind its page,
// <= 1,100 KB. Exits 1 over it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const folder = process.argv[2] ?? 'dist'
const ENTRY_KB = 160
const CHUNK_KB = 100
const MONACO_KB = 1100

const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'))
const size = (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length / 1024

/** Every file that loads with a chunk: itself, its CSS, and all it imports statically. */
function closure(key, seen = new Set(), files = new Set()) {
  if (seen.has(key)) return files
  seen.add(key)
  const chunk = manifest[key]
  files.add(chunk.file)
  for (const css of chunk.css ?? []) files.add(css)
  for (const next of chunk.imports ?? []) closure(next, seen, files)
  return files
}

const total = (files) => [...files].reduce((sum, file) => sum + size(file), 0)
const entryKey = Object.keys(manifest).find((key) => manifest[key].isEntry)
const shellKey = Object.keys(manifest).find((key) => key.endsWith('src/app/shell.tsx'))
const entryFiles = closure(entryKey)
const shellFiles = closure(shellKey)
// The languages of Monaco load behind it: what it has loaded is not counted again.
const monacoKey = Object.keys(manifest).find((key) => manifest[key].isDynamicEntry && manifest[key].name === 'monaco')
const monacoFiles = closure(monacoKey)
const rows = [{ what: 'entry', kb: total(entryFiles), limit: ENTRY_KB }]
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry) continue
  const own = [...closure(key)].filter((file) => !entryFiles.has(file) && (key === shellKey || !shellFiles.has(file)) && (key === monacoKey || !monacoFiles.has(file)))
  rows.push({ what: chunk.name ?? key, kb: total(own), limit: key === monacoKey ? MONACO_KB : CHUNK_KB })
}

rows.sort((a, b) => b.kb - a.kb)
for (const row of rows) {
  const mark = row.kb > row.limit ? 'OVER' : 'ok'
  console.log(`${mark.padEnd(5)}${row.kb.toFixed(1).padStart(7)} KB of ${row.limit}  ${row.what}`)
}
if (rows.some((row) => row.kb > row.limit)) process.exit(1)
