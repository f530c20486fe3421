import { describe, expect, it } from 'vitest'
import type { GitSource } from '@/api/types'
import { changesOf, draftOf, emptyDraft, inputOf, isSsh, kindOf, kindsOf, scheduleChoice } from './git-draft'

const SOURCE: GitSource = {
  url: 'https://git.example.org/acme/shop.git',
  branch: '',
  default_branch: 'main',
  subfolder: 'api',
  credentials: 'token',
  username: 'oauth2',
  public_key: '',
  host_fingerprint: '',
  schedule: { cron: '0 * * * *', timezone: 'UTC', next_at: null },
  webhook: false,
  webhook_path: '/api/v1/hooks/codebases/x',
  checked_at: null,
  failure: '',
}

describe('the form of a repository', () => {
  it('knows addresses of SSH', () => {
    expect(['git@github.com:acme/shop.git', 'ssh://git@git.example.org:2222/x', 'SSH://x/y'].every(isSsh)).toBe(true)
    expect(['https://github.com/acme/shop.git', 'http://127.0.0.1/x', ''].some(isSsh)).toBe(false)
  })
  it('offers the credentials that fit the address', () => {
    expect(kindsOf('https://x/y', false).map(({ value }) => value)).toEqual(['none', 'token'])
    expect(kindsOf('git@x:y', true).map(({ value }) => value)).toEqual(['unchanged', 'deploy_key'])
    expect(kindOf({ ...emptyDraft(), url: 'git@x:y', kind: 'token' }, false)).toBe('deploy_key')
  })
  it('sends a token only with the kind that has one', () => {
    const draft = { ...emptyDraft(), url: ' https://x/y ', token: 'secret', privateKey: 'key' }
    expect(inputOf(draft)).toMatchObject({ url: 'https://x/y', credentials: { kind: 'none' }, schedule: null })
    expect(JSON.stringify(inputOf(draft))).not.toContain('secret')
    expect(inputOf({ ...draft, kind: 'token' }).credentials).toEqual({ kind: 'token', username: '', token: 'secret' })
    expect(inputOf({ ...draft, url: 'git@x:y' }).credentials).toEqual({ kind: 'deploy_key', private_key: 'key' })
  })
  it('changes only what was changed', () => {
    const draft = draftOf(SOURCE)
    expect(changesOf(draft, SOURCE)).toEqual({})
    expect(changesOf({ ...draft, branch: 'dev', cron: '' }, SOURCE)).toEqual({ branch: 'dev', schedule: null })
    expect(changesOf({ ...draft, kind: 'token', token: 'new' }, SOURCE)).toEqual({ credentials: { kind: 'token', username: 'oauth2', token: 'new' } })
    expect(changesOf({ ...draft, timezone: 'Europe/Berlin' }, SOURCE)).toEqual({ schedule: { cron: '0 * * * *', timezone: 'Europe/Berlin' } })
  })
  it('tells usual times from others', () => {
    expect(scheduleChoice({ cron: '0 * * * *', custom: false })).toBe('0 * * * *')
    expect(scheduleChoice({ cron: '7 * * * *', custom: false })).toBe('custom')
    expect(scheduleChoice({ cron: '', custom: false })).toBe('')
    expect(scheduleChoice({ cron: '', custom: true })).toBe('custom')
  })
})
