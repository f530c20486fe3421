// Owns showing new recovery codes, once.
import { copyText } from '@/lib/download'

export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <div className="form-stack">
      <p>Keep these recovery codes where you find them without your device. Each replaces a code once. They are not shown again.</p>
      <ul className="mono" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <footer>
        <button type="button" className="btn" onClick={() => void copyText(codes.join('\n'), 'Recovery codes')}>
          Copy
        </button>
        <button type="button" className="btn primary" onClick={onClose}>
          I have kept them
        </button>
      </footer>
    </div>
  )
}
