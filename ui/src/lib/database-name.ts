// Owns the names that a new database can have: what the server accepts, and one that is free.
const NAME = /^[a-z][a-z0-9_-]{0,47}$/
const MAX_LENGTH = 48

/** Why a new database cannot have this name; null when it can. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  if (name === '') return 'Enter a name.'
  if (!NAME.test(name)) return 'Use lowercase letters, digits, _ and -. Start with a letter; 48 characters at most.'
  return taken.includes(name) ? `There is already a database named ${name}.` : null
}

/** "shop" -> "shop-restored", or the first such name with a number that is free. */
export function freeName(database: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '-restored' : `-restored-${number}`
    const name = database.slice(0, MAX_LENGTH - suffix.length) + suffix
    if (!taken.includes(name)) return name
  }
}
