// Owns the strip that tells how an upload goes.
import { Package } from 'lucide-react'
import { Bar } from '@/components/marks'
import { bytes } from '@/lib/format'

export interface UploadState {
  file: File
  part: number
  error: string | null
}

export function UploadBar({ state, onDismiss }: { state: UploadState; onDismiss: () => void }) {
  const { file, part, error } = state
  if (error) {
    return (
      <div className="drop" role="alert">
        <Package className="i t-del" aria-hidden="true" />
        <p className="grow">
          <b className="font-semibold">{file.name}</b> <span className="dim">was not accepted.</span> {error}
        </p>
        <button type="button" className="btn" onClick={onDismiss}>
          Close
        </button>
      </div>
    )
  }
  return (
    <div className="drop" role="status">
      <Package className="i" aria-hidden="true" />
      <p className="grow">
        <b className="font-semibold">{file.name}</b>{' '}
        <span className="dim">
          {part < 1 ? `${bytes(file.size * part)} of ${bytes(file.size)} uploaded` : `${bytes(file.size)} uploaded, checking`}
        </span>
      </p>
      <div className="w-48">
        <Bar part={part} label={`Upload of ${file.name}`} />
      </div>
    </div>
  )
}
