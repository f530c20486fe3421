// Owns the page that signs in a command line: the code that it shows, who asks, and the user's answer.
import { getRouteApi, Link } from '@tanstack/react-router'
import { TextField } from '@/components/field'
import { PageFrame, Panel } from '@/components/page'
import { ErrorNote } from '@/components/states'
import { asApiError } from '@/lib/problem'
import type { FormEvent } from 'react'
import { useDeviceAnswer, useDeviceOffer } from './api'

const route = getRouteApi('/shell/device')

type Offer = NonNullable<ReturnType<typeof useDeviceOffer>['data']>

function Question({ offer, code }: { offer: Offer; code: string }) {
  const answer = useDeviceAnswer()
  if (answer.isSuccess) {
    return (
      <p role="status">
        {answer.variables.approved ? 'The command line is signed in. You can close this page; its key is under ' : 'The command line was refused. Keys are under '}
        <Link to="/settings/keys" className="link">
          API keys
        </Link>
        .
      </p>
    )
  }
  return (
    <>
      {answer.error && <ErrorNote error={asApiError(answer.error)} />}
      <p>
        A command line on <b>{offer.name}</b>, at the address {offer.ip}, wants to be signed in as you, with all your rights, for a year.
      </p>
      <p className="dim">Approve it only if you have just started it yourself, and it shows the code {code.toUpperCase()}.</p>
      <div className="row">
        <button type="button" className="btn primary" disabled={answer.isPending} onClick={() => answer.mutate({ user_code: code, approved: true })}>
          Approve
        </button>
        <button type="button" className="btn" disabled={answer.isPending} onClick={() => answer.mutate({ user_code: code, approved: false })}>
          Refuse
        </button>
      </div>
    </>
  )
}

export function DevicePage() {
  const { code = '' } = route.useSearch()
  const offer = useDeviceOffer()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    offer.mutate(String(new FormData(event.currentTarget).get('code') ?? '').trim())
  }
  return (
    <PageFrame title="Sign in a command line" narrow>
      <Panel title="Command line">
        {offer.data ? (
          <Question offer={offer.data} code={offer.variables} />
        ) : (
          <form className="stack" onSubmit={submit}>
            {offer.error && <ErrorNote error={asApiError(offer.error)} />}
            <TextField label="Code" name="code" autoComplete="off" required autoFocus defaultValue={code} note="As headwater login shows it." />
            <button type="submit" className="btn primary" disabled={offer.isPending}>
              Continue
            </button>
          </form>
        )}
      </Panel>
    </PageFrame>
  )
}
