// Owns the toasts, mounted outside the shell's grid so that they never take one of its cells.
import { Toaster } from 'sonner'
import { useTheme } from '@/lib/theme'

export function Toasts() {
  return <Toaster theme={useTheme()} position="bottom-right" closeButton toastOptions={{ duration: 5000 }} />
}
