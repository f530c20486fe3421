// Owns the rules of the UI: types, hooks, file length, and who may import whom (features -> components -> lib).
import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const FEATURES = ['accounts', 'projects', 'codebases', 'schemas', 'jobs']

const zone = (files, groups, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: groups.map((group) => ({ group: [group], message })) }] },
})

const climbing = { group: ['../*'], message: 'Use @/ to leave a folder.' }

const featureZone = (name) => {
  const others = FEATURES.filter((other) => other !== name).map((other) => `@/features/${other}/*`)
  return {
    files: [`src/features/${name}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            climbing,
            { group: others, message: 'A feature imports no other feature: share through components/ or lib/.' },
            { group: ['@/app/*'], message: 'Only app/ knows the features, not the other way round.' },
          ],
        },
      ],
    },
  }
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
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['scripts/**'], languageOptions: { globals: { console: 'readonly', process: 'readonly' } }, rules: { 'no-console': 'off' } },
  { files: ['public/**'], languageOptions: { sourceType: 'script', globals: { document: 'readonly', localStorage: 'readonly' } } },
  zone(['src/components/**'], ['@/features/*', '@/features/**', '@/app/*', '../../*'], 'components/ knows neither features nor app.'),
  zone(['src/lib/**'], ['@/components/**', '@/features/**', '@/app/*', '../../*'], 'lib/ is the ground floor: it imports only api types.'),
  ...FEATURES.map(featureZone),
)
