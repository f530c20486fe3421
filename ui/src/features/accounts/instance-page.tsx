// Owns the settings of the whole instance; only its admin may change them.
import { useQuery } from '@tanstack/react-query'
import { Switch } from 'radix-ui'
import { PageFrame, Panel } from '@/components/page'
import { EmptyState, Loaded } from '@/components/states'
import { withErrorToast } from '@/lib/download'
import { instanceQuery, meQuery, useOpenSignup } from './api'

export function InstancePage() {
  const me = useQuery(meQuery())
  const instance = useQuery(instanceQuery())
  const change = useOpenSignup()
  return (
    <PageFrame title="Instance" narrow>
      {me.data && !me.data.user.is_admin ? (
        <EmptyState text="Only the admin of this instance can change its settings." />
      ) : (
        <Loaded query={instance} rows={2}>
          {({ version, open_signup, sends_mail }) => (
            <Panel title="Accounts" aside={`Headwater ${version}`}>
              <div className="row p-4">
                <div className="grow">
                  <label htmlFor="open-signup" className="font-medium">
                    Open sign-up
                  </label>
                  <p className="dim">Anyone who can reach this address can create an account.</p>
                  {!sends_mail && <p className="dim">This instance sends no mail, so sign-up tells strangers which addresses have an account. Inviting people by a link does not.</p>}
                </div>
                <Switch.Root
                  id="open-signup"
                  className="switch"
                  checked={open_signup}
                  disabled={change.isPending}
                  onCheckedChange={(on) => void withErrorToast(() => change.mutateAsync(on))}
                >
                  <Switch.Thumb />
                </Switch.Root>
              </div>
            </Panel>
          )}
        </Loaded>
      )}
    </PageFrame>
  )
}
