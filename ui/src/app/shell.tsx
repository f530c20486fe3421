// Owns the frame around every signed-in page: header, navigation, main, the command palette, global shortcuts.
import { Outlet, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { LockedNote } from '@/features/accounts/locked-note'
import { ProofDialog } from '@/features/accounts/proof-dialog'
import { useHotkeys } from '@/lib/hotkeys'
import { onSession, session } from '@/lib/session'
import { Header } from './header'
import { MainNav, TabBar } from './nav'

const loadPalette = () => import('./palette')
const Palette = lazy(loadPalette)

/** The palette is fetched early, so that its key opens it at once. */
const PRELOAD_MS = 1500

const ShortcutSheet = lazy(() => import('./shortcut-sheet'))

function useSignOutRedirect() {
  const navigate = useNavigate()
  useEffect(
    () =>
      onSession(() => {
        if (session() === null) void navigate({ to: '/sign-in' })
      }),
    [navigate],
  )
}

function useGoKeys(project: string | undefined, setPalette: (open: boolean) => void, setSheet: (open: boolean) => void) {
  const navigate = useNavigate()
  const inProject = (to: '/p/$project' | '/p/$project/schema' | '/p/$project/lineage' | '/p/$project/columns' | '/p/$project/impact' | '/p/$project/files') => () => {
    if (project) void navigate({ to, params: { project } })
  }
  useHotkeys({
    'mod+k': () => setPalette(true),
    '?': () => setSheet(true),
    'g h': () => void navigate({ to: '/' }),
    'g o': inProject('/p/$project'),
    'g s': inProject('/p/$project/schema'),
    'g l': inProject('/p/$project/lineage'),
    'g c': inProject('/p/$project/columns'),
    'g i': inProject('/p/$project/impact'),
    'g f': inProject('/p/$project/files'),
    'g j': () => void navigate(project ? { to: '/p/$project/jobs', params: { project } } : { to: '/jobs' }),
    'g ,': () => void navigate({ to: '/settings/profile' }),
  })
}

export function Shell() {
  const { project } = useParams({ strict: false })
  const [palette, setPalette] = useState(false)
  const [sheet, setSheet] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => void loadPalette(), PRELOAD_MS)
    return () => clearTimeout(timer)
  }, [])
  useSignOutRedirect()
  useGoKeys(project, setPalette, setSheet)
  return (
    <div className="app">
      <a href="#main" className="btn skip">
        Skip to content
      </a>
      <Header project={project} onSearch={() => setPalette(true)} onShortcuts={() => setSheet(true)} />
      <MainNav project={project} />
      <main className="main" id="main" tabIndex={-1}>
        <LockedNote />
        <Outlet />
      </main>
      <TabBar project={project} />
      <ProofDialog />
      <Suspense>
        {palette && <Palette project={project} onClose={() => setPalette(false)} />}
        {sheet && <ShortcutSheet onClose={() => setSheet(false)} />}
      </Suspense>
    </div>
  )
}
