// Owns the .br and .gz twins of every text asset, so that the server never compresses on a request.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|html|svg|json|txt|webmanifest)$/
const SMALLEST = 1024

async function writeTwins(file: string): Promise<void> {
  const content = await readFile(file)
  if (content.length < SMALLEST) return
  const quality = content.length > 1_000_000 ? 9 : 11
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
    promisify(gzip)(content, { level: 9 }),
  ])
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)])
}

/** Writes a brotli and a gzip twin beside each text asset once the bundle is on disk. */
export function precompress(): Plugin {
  let folder = ''
  return {
    name: 'headwater-precompress',
    apply: 'build',
    configResolved: (config) => {
      folder = config.build.outDir
    },
    closeBundle: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile() && TEXT.test(entry.name))
      await Promise.all(files.map((entry) => writeTwins(join(entry.parentPath, entry.name))))
    },
  }
}
