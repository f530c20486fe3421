import { describe, expect, it, vi } from 'vitest'
import { api } from './http'
import { askProof, onProofNeeded } from './proof'

const refused = () => new Response(JSON.stringify({ status: 403, code: 'proof_needed', detail: 'Confirm that it is you.' }), { status: 403 })
const created = () => new Response(JSON.stringify({ id: 'p' }), { status: 201 })
const create = () => api.post('/projects', { body: { name: 'Shop', description: '' } })

describe('a request that needs a proof', () => {
  it('is sent again with its body after the proof', async () => {
    const bodies: string[] = []
    vi.stubGlobal('fetch', async (request: Request) => {
      bodies.push(await request.text())
      return bodies.length === 1 ? refused() : created()
    })
    const stop = onProofNeeded(() => Promise.resolve(true))
    await expect(create()).resolves.toEqual({ id: 'p' })
    stop()
    expect(bodies[0]).toContain('Shop')
    expect(bodies[1]).toBe(bodies[0])
  })
  it('fails when the proof is not given, and when nobody asks', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(refused()))
    const stop = onProofNeeded(() => Promise.resolve(false))
    await expect(create()).rejects.toMatchObject({ code: 'proof_needed' })
    stop()
    await expect(create()).rejects.toMatchObject({ code: 'proof_needed' })
  })
  it('shares one question with others', async () => {
    const ask = vi.fn(() => Promise.resolve(true))
    const stop = onProofNeeded(ask)
    await expect(Promise.all([askProof(), askProof()])).resolves.toEqual([true, true])
    stop()
    expect(ask).toHaveBeenCalledTimes(1)
  })
})
