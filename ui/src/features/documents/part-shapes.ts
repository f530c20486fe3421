// Owns how the parts of each type are called and what can be done to them.

export interface PartShape {
  one: string
  name: string
  /** The heading of the value; null when a part is only its name. */
  value: string | null
  add: string
  /** Whether a new part is named by the user. */
  named: boolean
  edited: boolean
  searched: boolean
  /** Whether a change is refused when somebody else changed the value. */
  compared: boolean
}

const SHAPES: Record<string, PartShape> = {
  hash: { one: 'field', name: 'Field', value: 'Value', add: 'Add a field', named: true, edited: true, searched: true, compared: true },
  list: { one: 'item', name: 'Index', value: 'Item', add: 'Append an item', named: false, edited: true, searched: false, compared: true },
  set: { one: 'member', name: 'Member', value: null, add: 'Add a member', named: true, edited: false, searched: true, compared: false },
  zset: { one: 'member', name: 'Member', value: 'Score', add: 'Add a member', named: true, edited: true, searched: true, compared: true },
  stream: { one: 'entry', name: 'Id', value: 'Fields', add: 'Add an entry', named: false, edited: false, searched: false, compared: false },
}

const UNKNOWN: PartShape = { one: 'part', name: 'Name', value: 'Value', add: 'Add', named: true, edited: false, searched: false, compared: false }

export const shapeOf = (type: string): PartShape => SHAPES[type] ?? UNKNOWN
