// Owns the UI's wire types: the server's OpenAPI on stdin, TypeScript on stdout.
//
// OpenAPI calls every field with a default optional. That is right for what a client sends, and wrong for what it reads,
// since the server writes every field of a response: those are made required first.
import { text } from 'node:stream/consumers'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'

const PREFIX = '#/components/schemas/'

/** The names of the schemas that a part of the document refers to. */
function references(part, names = new Set()) {
  if (part === null || typeof part !== 'object') return names
  if (typeof part.$ref === 'string' && part.$ref.startsWith(PREFIX)) names.add(part.$ref.slice(PREFIX.length))
  for (const value of Object.values(part)) references(value, names)
  return names
}

/** The schemas that responses hold, directly or within others. */
function schemasOfResponses({ paths, components }) {
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const reached = new Set()
  const pending = operations.flatMap((operation) => [...references(operation.responses ?? {})])
  while (pending.length > 0) {
    const name = pending.pop()
    if (reached.has(name)) continue
    reached.add(name)
    pending.push(...references(components.schemas[name]))
  }
  return reached
}

const document = JSON.parse(await text(process.stdin))
for (const name of schemasOfResponses(document)) {
  const schema = document.components.schemas[name]
  if (schema.properties) schema.required = Object.keys(schema.properties)
}
process.stdout.write(`${COMMENT_HEADER}${astToString(await openapiTS(document, { defaultNonNullable: false, silent: true }))}`)
