// Owns the build: React and Tailwind plugins, the API proxy of `npm run dev`, and pre-compressed assets.
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { precompress } from './vite-plugins/precompress.ts'

const api = process.env['HEADWATER_API'] ?? 'http://127.0.0.1:7717'

export default defineConfig({
  plugins: [react(), tailwindcss(), precompress()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': { target: api, changeOrigin: false } } },
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false, manifest: true },
  // The design tokens are read as text; other styles mean nothing to a test. Files share a document: making one for each
  // takes five times as long as the tests.
  test: { environment: 'happy-dom', isolate: false, css: { include: [/tokens\.css/] }, include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], restoreMocks: true },
})
