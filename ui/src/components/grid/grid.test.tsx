import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Cell, ResultColumn } from '@/api/types'
import { byRole, click, press, render } from '@/testing/render'
import { Grid, type GridProps } from './grid'

const column = (name: string, kind: ResultColumn['kind'] = 'text'): ResultColumn => ({ name, kind, type: kind, schema: null, table: null, column: null })
const COLUMNS = [column('id', 'number'), column('name'), column('note')]
const ROWS: readonly (readonly Cell[])[] = [[1, 'Ada', null], [2, 'Grace', 'x'], [3, 'Edsger', 'y'], [4, 'Barbara', 'z']]

// happy-dom lays nothing out: the grid is given a size, so that rows and columns are in view.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1200)
})

function grid(props: Partial<GridProps> = {}) {
  const { container } = render(<Grid label="People" columns={COLUMNS} count={ROWS.length} row={(at) => ROWS[at] ?? null} {...props} />)
  const element = container.querySelector('[role=grid]') as HTMLElement
  const texts = () => [...container.querySelectorAll('[data-row]')].map((row) => [...row.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent))
  const selected = () => [...container.querySelectorAll('[aria-selected=true]')].map((cell) => cell.textContent)
  return { container, element, texts, selected }
}

describe('a grid', () => {
  it('shows its rows, with NULL told from an empty text', () => {
    const { container, texts, element } = grid()
    expect(texts()[0]).toEqual(['1', 'Ada', 'NULL'])
    expect(container.querySelector('.null')?.textContent).toBe('NULL')
    expect(element.getAttribute('aria-rowcount')).toBe('5')
    expect([...container.querySelectorAll('.num [role=presentation], .gcell.num')].map((cell) => cell.textContent)).toEqual(['1', '2', '3', '4'])
  })

  it('draws what is stored: runs of spaces, and a sign for line ends', () => {
    expect(grid({ count: 1, row: () => [1, 'a   b', 'first\r\nsecond'] }).texts()[0]).toEqual(['1', 'a   b', 'first↵second'])
  })

  it('shows what the database will fill in, and NULL elsewhere', () => {
    const { texts } = grid({ added: 1, row: () => [null, null, null], filled: (at, column) => (at === 0 && column === 0 ? 'default' : null) })
    expect(texts()[0]).toEqual(['default', 'NULL', 'NULL'])
    expect(texts()[1]).toEqual(['NULL', 'NULL', 'NULL'])
  })

  it('leaves a row empty while it is on its way', () => {
    expect(grid({ row: (at) => (at === 1 ? null : (ROWS[at] ?? null)) }).texts()[1]).toEqual(['', '', ''])
  })

  it('says what it is given when there are no rows', () => {
    expect(grid({ count: 0, empty: <p>No rows.</p> }).container.textContent).toContain('No rows.')
  })

  it('draws only what is in view of many rows', () => {
    const { texts, element } = grid({ count: 1_000_000, row: (at) => [at, 'n', null] })
    expect(texts().length).toBeLessThan(50)
    expect(element.getAttribute('aria-rowcount')).toBe('1000001')
  })
})

describe('the selection', () => {
  it('stays with its row when rows are added above it, and so does what is deleted', () => {
    const removed = vi.fn()
    const props = { label: 'People', columns: COLUMNS, onDelete: removed }
    const rows: (readonly Cell[])[] = [...ROWS]
    const { container, rerender } = render(<Grid {...props} count={rows.length} row={(at) => rows[at] ?? null} />)
    const element = container.querySelector('[role=grid]') as HTMLElement
    for (let step = 0; step < 2; step += 1) press(element, 'ArrowDown')
    rows.unshift([null, null, null])
    rerender(<Grid {...props} count={rows.length} added={1} row={(at) => rows[at] ?? null} />)
    expect([...container.querySelectorAll('[aria-selected=true]')].map((cell) => cell.textContent)).toEqual(['3'])
    press(element, 'Delete')
    expect(removed).toHaveBeenCalledWith([3])
  })

  it('moves with the arrows and stays inside the grid', () => {
    const place = vi.fn()
    const { element, selected } = grid({ onPlace: place })
    expect(press(element, 'ArrowDown')).toBe(true)
    press(element, 'ArrowRight')
    expect(selected()).toEqual(['Grace'])
    expect(element.getAttribute('aria-activedescendant')).toBe('cell-1-1')
    for (let step = 0; step < 9; step += 1) press(element, 'ArrowDown')
    expect(selected()).toEqual(['Barbara'])
    press(element, 'PageUp')
    expect(place).toHaveBeenLastCalledWith({ row: 0, column: 1 })
  })

  it('goes to the ends with Home and End, and with Ctrl to those of the table', () => {
    const { element, selected } = grid()
    press(element, 'ArrowDown')
    press(element, 'End')
    expect(selected()).toEqual(['x'])
    press(element, 'End', { ctrlKey: true })
    expect(selected()).toEqual(['z'])
    press(element, 'Home', { ctrlKey: true })
    expect(selected()).toEqual(['1'])
  })

  it('grows with Shift, and is copied as a range', () => {
    const copy = vi.fn()
    const { element, selected } = grid({ onCopy: copy })
    press(element, 'Home')
    press(element, 'ArrowDown', { shiftKey: true })
    press(element, 'ArrowRight', { shiftKey: true })
    expect(selected()).toEqual(['1', 'Ada', '2', 'Grace'])
    press(element, 'c', { ctrlKey: true })
    expect(copy).toHaveBeenCalledExactlyOnceWith({ row: 0, column: 0 }, { row: 1, column: 1 })
  })

  it('is deleted by whole rows, whichever way it was made', () => {
    const remove = vi.fn()
    const { element } = grid({ onDelete: remove })
    press(element, 'End', { ctrlKey: true })
    press(element, 'ArrowUp', { shiftKey: true })
    press(element, 'Delete')
    expect(remove).toHaveBeenCalledExactlyOnceWith([2, 3])
  })
})

describe('editing', () => {
  const editor: GridProps['editor'] = (_, value, done) => (
    <>
      <button type="button" onClick={() => done('new')}>
        save {String(value)}
      </button>
      <button type="button" onClick={() => done()}>
        leave
      </button>
    </>
  )

  it('opens with Enter where it is allowed, and gives the value back', () => {
    const edit = vi.fn()
    const { container, element } = grid({ editable: () => true, editor, onEdit: edit })
    press(element, 'ArrowRight')
    press(element, 'Enter')
    click(container, '.gedit button')
    expect(edit).toHaveBeenCalledExactlyOnceWith({ row: 0, column: 1 }, 'new')
    expect(container.querySelector('.gedit')).toBeNull()
    expect(document.activeElement).toBe(element)
  })

  it('changes nothing when it is left', () => {
    const edit = vi.fn()
    const { container, element } = grid({ editable: () => true, editor, onEdit: edit })
    press(element, 'Home')
    press(element, 'F2')
    click(container, '.gedit button:last-child')
    expect(container.querySelector('.gedit')).toBeNull()
    expect(edit).not.toHaveBeenCalled()
  })

  it('does not open where it is not allowed, nor while the row is on its way', () => {
    const refused = grid({ editable: () => false, editor })
    press(refused.element, 'Enter')
    expect(refused.container.querySelector('.gedit')).toBeNull()
    const loading = grid({ editable: () => true, editor, row: () => null })
    press(loading.element, 'Enter')
    expect(loading.container.querySelector('.gedit')).toBeNull()
  })

  it('takes the arrows of the open editor for its own', () => {
    const { container, element, selected } = grid({ editable: () => true, editor })
    press(element, 'Home')
    press(element, 'Enter')
    press(byRole(container, 'button', 'leave'), 'ArrowDown')
    expect(selected()).toEqual(['1'])
  })
})

describe('the head', () => {
  it('tells the order of its columns, and asks for another', () => {
    const sort = vi.fn()
    const { container } = grid({ onSort: sort, sort: [{ column: 'name', descending: true }], primary: ['id'] })
    expect([...container.querySelectorAll('[role=columnheader]')].map((head) => head.getAttribute('aria-sort'))).toEqual([null, null, 'descending', null])
    expect(container.querySelector('[title="primary key"]')).not.toBeNull()
    click(container, '[role=columnheader]:nth-child(3) button')
    expect(sort).toHaveBeenCalledExactlyOnceWith('name', false)
  })

  it('has no buttons where the order is fixed', () => {
    expect(grid().container.querySelector('[role=columnheader] button')).toBeNull()
  })
})
