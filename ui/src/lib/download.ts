// Owns saving and copying: a Blob to a file, text to the clipboard.
import { toast } from 'sonner'
import { errorText } from './problem'

/** Saves a blob under a name. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** Copies text and says so; says what to do when the browser refuses. */
export async function copyText(value: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(value)
    toast.success(`${what} copied`)
  } catch {
    toast.error('The browser blocked copying. Select the text and copy it manually.')
  }
}

/** Runs an action and shows a failure as a toast. */
export async function withErrorToast(action: () => Promise<unknown>): Promise<void> {
  try {
    await action()
  } catch (error) {
    toast.error(errorText(error))
  }
}
