// Owns the rules of the UI: types, hooks, sizes, and who may import whom (app -> features -> components -> lib).
import { readdirSync } from 'node:fs'
import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

// Oldest first: a feature leans only on features that stand before it. What joins others is a page in app/pages/.
const FEATURES = [
  'accounts',
  'projects',
  'jobs',
  'builder',
  'databases',
  'migrations',
  'query',
  'extensions',
  'documents',
  'transfers',
  'dashboards',
  'structure',
  'designer',
  'snapshots',
  'policies',
  'recovery',
  'extracts',
  'diffs',
  'merges',
  'branches',
  'codebases',
  'schemas',
]

const folders = readdirSync(new URL('src/features', import.meta.url))
const unlisted = [...folders.filter((name) => !FEATURES.includes(name)), ...FEATURES.filter((name) => !folders.includes(name))]
if (unlisted.length > 0) throw new Error(`eslint.config.js: src/features and FEATURES differ in ${unlisted.join(', ')}`)

/** Refuses imports of some modules, whether static or by import(): each pattern comes with the reason. */
const walls = {
  meta: { type: 'problem', schema: [{ type: 'array' }] },
  create(context) {
    const [forbidden = []] = context.options
    const check = (node) => {
      const source = node.source?.value
      const wall = typeof source === 'string' && forbidden.find(({ pattern }) => new RegExp(pattern).test(source))
      if (wall) context.report({ node, message: wall.message })
    }
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check }
  },
}

const zone = (files, forbidden) => ({ files, plugins: { headwater: { rules: { walls } } }, rules: { 'headwater/walls': ['error', forbidden] } })

const leaving = { pattern: '^\\.\\./', message: 'Use @/ to leave a folder.' }
const toApp = { pattern: '^@/app/', message: 'Only app/ knows the features, not the other way round.' }

const featureZone = (name, place) => {
  const younger = FEATURES.slice(place + 1).join('|')
  const newer = { pattern: `^@/features/(${younger})/`, message: `${name} leans only on features that stand before it in FEATURES; join features in app/pages/.` }
  return zone([`src/features/${name}/**`], [leaving, toApp, ...(younger ? [newer] : [])])
}

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  hooks.configs.flat['recommended-latest'],
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: { '@typescript-eslint/no-floating-promises': 'error' },
  },
  // A describe() is a list of tests, not a function to be read at once.
  { files: ['src/**/*.test.{ts,tsx}'], rules: { 'max-lines-per-function': 'off' } },
  { files: ['scripts/**'], languageOptions: { globals: { console: 'readonly', process: 'readonly' } }, rules: { 'no-console': 'off' } },
  { files: ['eslint.config.js'], languageOptions: { globals: { URL: 'readonly' } } },
  { files: ['public/**'], languageOptions: { sourceType: 'script', globals: { document: 'readonly', localStorage: 'readonly' } } },
  zone(['src/components/**'], [leaving, { pattern: '^@/(features|app)/', message: 'components/ knows neither features nor app.' }]),
  zone(['src/lib/**'], [leaving, { pattern: '^@/(features|app|components)/', message: 'lib/ is the ground floor: it imports only api types.' }]),
  ...FEATURES.map(featureZone),
)
