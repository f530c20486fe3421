// Owns the frames that pages stand in: the root, the shell that needs a session, a project, a database.
import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect, retainSearchParams } from '@tanstack/react-router'
import { text, type RawSearch } from '@/lib/search-params'
import { renewSession, session } from '@/lib/session'
import { BareError, BareNotFound } from './fallbacks'

async function hasSession(): Promise<boolean> {
  return session() !== null || (await renewSession()) !== null
}

export const root = createRootRoute({ component: Outlet, notFoundComponent: BareNotFound, errorComponent: BareError })

export const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: lazyRouteComponent(() => import('./shell'), 'Shell'),
  beforeLoad: async ({ location }) => {
    if (await hasSession()) return
    throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
  },
})

export const project = createRoute({
  getParentRoute: () => shell,
  path: '/p/$project',
  validateSearch: (raw: RawSearch): { codebase?: string } => ({ codebase: text(raw, 'codebase') }),
  search: { middlewares: [retainSearchParams(['codebase'])] },
  component: lazyRouteComponent(() => import('./project-layout'), 'ProjectLayout'),
})

export const database = createRoute({
  getParentRoute: () => project,
  path: '/d/$database',
  component: lazyRouteComponent(() => import('@/features/databases/database-layout'), 'DatabaseLayout'),
})

const nextSearch = (raw: RawSearch): { next?: string } => ({ next: text(raw, 'next') })

export const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: nextSearch,
  component: lazyRouteComponent(() => import('@/features/accounts/sign-in-page'), 'SignInPage'),
})

export const providerReturn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in/$provider',
  component: lazyRouteComponent(() => import('@/features/accounts/provider-return-page'), 'ProviderReturnPage'),
})

export const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite',
  beforeLoad: async () => void (await hasSession()),
  component: lazyRouteComponent(() => import('@/features/accounts/invite-page'), 'InvitePage'),
})

export const requestReset = createRoute({
  getParentRoute: () => root,
  path: '/reset-request',
  component: lazyRouteComponent(() => import('@/features/accounts/reset-page'), 'RequestResetPage'),
})

export const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  component: lazyRouteComponent(() => import('@/features/accounts/reset-page'), 'ResetPage'),
})

export const confirmEmail = createRoute({
  getParentRoute: () => root,
  path: '/confirm-email',
  component: lazyRouteComponent(() => import('@/features/accounts/confirm-email-page'), 'ConfirmEmailPage'),
})

export const confirmSignUp = createRoute({
  getParentRoute: () => root,
  path: '/confirm-sign-up',
  component: lazyRouteComponent(() => import('@/features/accounts/confirm-sign-up-page'), 'ConfirmSignUpPage'),
})

export const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  validateSearch: nextSearch,
  component: lazyRouteComponent(() => import('@/features/accounts/sign-up-page'), 'SignUpPage'),
})
