// Owns forgetting what pages have stored in this browser, once its user signs out: drafts of queries, layouts, the last project.
const OURS = 'headwater.'
const STAYS = new Set(['headwater.theme'])

/** Deletes what belongs to the user; the theme belongs to the browser. */
export function forgetStoredState(storage: Storage = localStorage): void {
  const names = Array.from({ length: storage.length }, (_, index) => storage.key(index))
  for (const name of names) if (name?.startsWith(OURS) && !STAYS.has(name)) storage.removeItem(name)
}
