import { expect, test } from 'vitest'
import { forgetStoredState } from './stored-state'

test('signing out forgets drafts, layouts and projects, and nothing of others', () => {
  localStorage.clear()
  for (const name of ['headwater.sql.1', 'headwater.diagram.1', 'headwater.project', 'headwater.theme', 'other']) localStorage.setItem(name, 'x')
  forgetStoredState()
  expect(Object.keys(localStorage).sort()).toEqual(['headwater.theme', 'other'])
})
