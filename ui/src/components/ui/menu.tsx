// Owns drop-down menus.
import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'

export function Menu({ trigger, children, align = 'start' }: { trigger: ReactNode; children: ReactNode; align?: 'start' | 'end' }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align={align} sideOffset={4} collisionPadding={8}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface MenuItemProps {
  onSelect: () => void
  children: ReactNode
  current?: boolean
  danger?: boolean
  disabled?: boolean
}

export function MenuItem({ onSelect, children, current, danger, disabled }: MenuItemProps) {
  return (
    <DropdownMenu.Item className={`menuitem ${danger ? 't-del' : ''}`} disabled={disabled} onSelect={onSelect}>
      <span className="grow row">{children}</span>
      {current && <Check className="i" aria-label="current" />}
    </DropdownMenu.Item>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="menulabel">{children}</DropdownMenu.Label>
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="menusep" />
}
