// Owns the choice of an organization on the pages of settings that are about one; it stands in the address.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Organization } from '@/api/types'
import { SelectField } from '@/components/field'
import { Loaded } from '@/components/states'
import { organizationsQuery } from './api'

interface OrganizationPickerProps {
  chosen: string | undefined
  onChoose: (organization: string) => void
  children: (organization: Organization) => ReactNode
}

export function OrganizationPicker({ chosen, onChoose, children }: OrganizationPickerProps) {
  const organizations = useQuery(organizationsQuery())
  return (
    <Loaded query={organizations} rows={3}>
      {(items) => {
        const shown = items.find((one) => one.id === chosen) ?? items[0]
        return (
          <>
            {items.length > 1 && <SelectField label="Organization" value={shown?.id ?? ''} options={items.map((one) => ({ value: one.id, label: one.name }))} onChange={onChoose} />}
            {shown && children(shown)}
          </>
        )
      }}
    </Loaded>
  )
}
