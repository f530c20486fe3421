// Owns form fields: a label, the control, and its error with a hint right below it.
import { Search } from 'lucide-react'
import { useId, useRef, type InputHTMLAttributes, type ReactNode } from 'react'
import { useHotkeys } from '@/lib/hotkeys'

interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  error?: string
  note?: ReactNode
}

export function TextField({ label, error, note, ...input }: TextFieldProps) {
  const id = useId()
  const described = error || note ? `${id}-note` : undefined
  return (
    <div className="formrow">
      <label htmlFor={id}>{label}</label>
      <div className="field">
        <input id={id} aria-invalid={error ? true : undefined} aria-describedby={described} {...input} />
      </div>
      {(error || note) && (
        <p id={described} className={`small ${error ? 't-del' : 'dim'}`}>
          {error ?? note}
        </p>
      )}
    </div>
  )
}

interface SelectFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  options: readonly { value: string; label: string }[]
  hideLabel?: boolean
  disabled?: boolean
}

export function SelectField({ label, value, onChange, options, hideLabel, disabled }: SelectFieldProps) {
  const id = useId()
  return (
    <div className={hideLabel ? '' : 'formrow'}>
      <label htmlFor={id} className={hideLabel ? 'sr' : undefined}>
        {label}
      </label>
      <div className="field">
        <select id={id} value={value} disabled={disabled} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
    </div>
  )
}

interface SearchFieldProps {
  label: string
  placeholder: string
  value: string
  onChange: (value: string) => void
  onDown?: () => void
  className?: string
}

/** The search of a page: `/` focuses it, Escape empties and leaves it, Down goes to the results. */
export function SearchField({ label, placeholder, value, onChange, onDown, className = '' }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  useHotkeys({ '/': () => input.current?.focus() })
  return (
    <label className={`field search ${className}`}>
      <Search className="i" aria-hidden="true" />
      <span className="sr">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            onChange('')
            input.current?.blur()
          }
          if (event.key === 'ArrowDown' && onDown) {
            event.preventDefault()
            onDown()
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  )
}

interface SegProps<T extends string | number> {
  label: string
  value: T
  onChange: (value: T) => void
  options: readonly { value: T; label: ReactNode }[]
  className?: string
}

/** A row of exclusive choices. */
export function Segmented<T extends string | number>({ label, value, onChange, options, className = '' }: SegProps<T>) {
  return (
    <div className={`segmented ${className}`} role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  )
}
