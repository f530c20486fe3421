// Renames each column of TypeORM entities or Drizzle tables in memory, one at a time, and writes the lines that the type checker then
// refuses: what a rename in the model alone breaks.
//
//   node rename_columns.mjs CHECKOUT TSCONFIG FOLDER_OF_ENTITIES [N] > facts.json
//
// With N, only every N-th column: each takes one check of the whole program.
//
// Uses the checkout's own TypeScript; its packages must be installed.
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'

const [checkout, config, entities, every = '1'] = process.argv.slice(2)
const root = path.resolve(checkout)
const ts = createRequire(path.join(root, 'package.json'))('typescript')
const COLUMN = /^(Column|Primary\w*Column|CreateDateColumn|UpdateDateColumn|DeleteDateColumn|VersionColumn|ObjectIdColumn)$/
const TABLE = /^(pg|mysql|sqlite)Table$/
const SUFFIX = 'Renamed__'

const parsed = ts.getParsedCommandLineOfConfigFile(path.join(root, config), { noEmit: true }, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail })
const edited = new Map()
const service = ts.createLanguageService({
  ...ts.sys,
  getCompilationSettings: () => parsed.options,
  getScriptFileNames: () => parsed.fileNames,
  getScriptVersion: (file) => String(edited.get(file)?.version ?? 0),
  getScriptSnapshot: (file) => {
    const text = edited.get(file)?.text ?? ts.sys.readFile(file)
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
  },
  getCurrentDirectory: () => root,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
})

function fail(diagnostic) {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'))
}

function ownFiles() {
  return parsed.fileNames.filter((file) => !file.includes('node_modules') && !file.endsWith('.d.ts'))
}

/** The lines that the type checker refuses, as `file:line:code`. */
function refused() {
  const lines = new Set()
  for (const file of ownFiles()) {
    for (const diagnostic of service.getSemanticDiagnostics(file)) {
      const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start)
      lines.add(JSON.stringify([path.relative(root, diagnostic.file.fileName), line + 1, diagnostic.code]))
    }
  }
  return lines
}

function decorators(node) {
  const all = ts.canHaveDecorators?.(node) ? ts.getDecorators(node) : node.decorators
  return (all ?? []).map((one) => (ts.isCallExpression(one.expression) ? one.expression.expression : one.expression).getText())
}

function* columns() {
  for (const file of ownFiles().filter((file) => path.relative(root, file).startsWith(entities))) {
    const source = ts.createSourceFile(file, ts.sys.readFile(file), ts.ScriptTarget.Latest, true)
    for (const statement of source.statements) {
      const names = ts.isClassDeclaration(statement) ? ofClass(statement) : ts.isVariableStatement(statement) ? ofTables(statement) : []
      for (const [entity, name] of names) yield { file, source, entity, name }
    }
  }
}

function* ofClass(statement) {
  for (const member of statement.members.filter(ts.isPropertyDeclaration)) {
    if (decorators(member).some((name) => COLUMN.test(name))) yield [statement.name.text, member.name]
  }
}

function* ofTables(statement) {
  for (const { name, initializer: call } of statement.declarationList.declarations) {
    if (!call || !ts.isCallExpression(call) || !TABLE.test(call.expression.getText())) continue
    const shape = call.arguments[1]
    const properties = shape && ts.isObjectLiteralExpression(shape) ? shape.properties : []
    for (const property of properties.filter(ts.isPropertyAssignment)) yield [name.getText(), property.name]
  }
}

const before = refused()
const facts = []
let version = 0
for (const { file, source, entity, name } of [...columns()].filter((_, at) => at % Number(every) === 0)) {
  const text = source.text.slice(0, name.end) + SUFFIX + source.text.slice(name.end)
  edited.set(file, { text, version: ++version })
  const lines = [...refused()].filter((line) => !before.has(line)).map((line) => JSON.parse(line))
  edited.set(file, { text: source.text, version: ++version })
  facts.push({ entity, property: name.getText(source), file: path.relative(root, file), lines })
  process.stderr.write(`${entity}.${name.getText(source)}: ${lines.length} lines\n`)
}
process.stdout.write(JSON.stringify(facts, null, 1) + '\n')
