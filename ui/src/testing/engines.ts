// Owns engines as the API serves them, for tests.
import type { Engine } from '@/api/types'

const base = { dialect: '', port: 0, schemes: [], options: [], provision_options: [], unavailable: null, snapshots: true, extracts: true, recovery: false, column_types: [], binary_types: [], fraction_digits: null, script_client: null, copy_target: true, sessions: true, has_extensions: false, is_default: false }

export const RELATIONAL: Engine = {
  ...base, name: 'relational', label: 'Relational', language: 'sql', data_model: 'relational', editor_language: 'sql', formatter_dialect: 'sql', statement_unit: 'statement', explains: true, starter_query: 'select 1;\n', default_schema: 'public', identity_type: 'bigint', is_default: true,
}
export const KEY_VALUE: Engine = {
  ...base, name: 'keys', label: 'Keys', language: 'keys', data_model: 'key_value', editor_language: 'plaintext', formatter_dialect: null, statement_unit: 'line', explains: false, starter_query: 'SCAN 0\n', default_schema: null, identity_type: null,
}
