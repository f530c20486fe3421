// Owns the secret of an API key, which is shown once.
import { Copy } from 'lucide-react'
import { copyText } from '@/lib/download'

export function SecretOnce({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <>
      <p>Copy the key now. It is not shown again.</p>
      <div className="secret">
        <code className="grow">{secret}</code>
        <button type="button" className="btn" onClick={() => void copyText(secret, 'Key')}>
          <Copy className="i" aria-hidden="true" />
          Copy
        </button>
      </div>
      <footer>
        <button type="button" className="btn primary" onClick={onClose}>
          I have copied it
        </button>
      </footer>
    </>
  )
}
