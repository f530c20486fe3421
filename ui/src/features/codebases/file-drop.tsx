// Owns how a file gets here: dropped anywhere on the page, or picked with a button.
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react'

/** True while a file hangs over the page; calls onFile when it is dropped. */
export function useFileDrop(enabled: boolean, onFile: (file: File) => void): boolean {
  const [over, setOver] = useState(false)
  const take = useEffectEvent(onFile)
  useEffect(() => {
    if (!enabled) return
    let depth = 0
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => {
      if (!hasFile(event)) return
      depth += 1
      setOver(true)
    }
    const leave = () => {
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    const hover = (event: DragEvent) => {
      if (hasFile(event)) event.preventDefault()
    }
    const drop = (event: DragEvent) => {
      if (!hasFile(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      const file = event.dataTransfer?.files[0]
      if (file) take(file)
    }
    const listeners = { dragenter: enter, dragleave: leave, dragover: hover, drop } as const
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener)
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener as EventListener)
    }
  }, [enabled])
  return over
}

export function DropOverlay() {
  return (
    <div className="dropzone-over" aria-hidden="true">
      <p>Drop the ZIP to scan it</p>
    </div>
  )
}

interface FilePickerProps {
  onFile: (file: File) => void
  disabled: boolean
  children: ReactNode
}

export function FilePicker({ onFile, disabled, children }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        className="sr"
        tabIndex={-1}
        aria-label="ZIP file to upload"
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file) onFile(file)
        }}
      />
      <button type="button" className="btn primary" disabled={disabled} onClick={() => input.current?.click()}>
        {children}
      </button>
    </>
  )
}
