// Owns moving one item of a list.

/** The list with the item at `from` standing at `to`; a place beyond an end is that end. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, at) => at !== from)
  const item = items[from]
  if (item === undefined) return [...items]
  const place = Math.min(rest.length, Math.max(0, to))
  return [...rest.slice(0, place), item, ...rest.slice(place)]
}
