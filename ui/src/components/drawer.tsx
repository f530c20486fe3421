// Owns the side panel of the history: its head, closing it by button or Escape, and taking the focus where it covers the page.
import { X } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { useHotkeys } from '@/lib/hotkeys'

const COVERS = '(max-width: 1100px)'

interface DrawerProps {
  title: string
  onClose: () => void
  children: ReactNode
}

export function Drawer({ title, onClose, children }: DrawerProps) {
  const panel = useRef<HTMLElement>(null)
  useHotkeys({ Escape: onClose })
  useEffect(() => {
    if (window.matchMedia(COVERS).matches) panel.current?.focus()
  }, [])
  return (
    <aside className="drawer" aria-label={title} ref={panel} tabIndex={-1}>
      <header>
        <h2 className="grow cut">{title}</h2>
        <button type="button" className="btn ghost icon" aria-label="Close" onClick={onClose}>
          <X className="i" aria-hidden="true" />
        </button>
      </header>
      {children}
    </aside>
  )
}
