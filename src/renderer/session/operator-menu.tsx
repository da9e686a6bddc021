import { Menu } from '@base-ui/react/menu'
import { useState } from 'react'
import type { WorkspaceView } from '../../shared/workspace.ts'
import { useStores } from '../stores.ts'
import { Ask } from '../ui/ask.tsx'

interface OperatorMenuProps {
  readonly workspace: WorkspaceView
  readonly ending: boolean
}

/** Who is signed in, and the ways out. */
export function OperatorMenu({ workspace, ending }: OperatorMenuProps) {
  const { workspaces } = useStores()
  const [asking, setAsking] = useState(false)
  const email = workspace.operator?.email ?? 'Not signed in yet'
  const roles = (workspace.operator?.tenants ?? []).map(
    ({ id, name, role }) => `${name ?? id}${role === null ? '' : `, ${role}`}`,
  )
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="foot-button" aria-label={`Operator ${email}`} disabled={ending}>
          {ending ? 'Signing out' : email}
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className="positioner" side="top" align="end" sideOffset={6}>
            <Menu.Popup className="popup">
              <Menu.Group>
                <Menu.GroupLabel className="menu-label">
                  {roles.length > 0 ? roles.join(' · ') : workspace.profileName}
                </Menu.GroupLabel>
                <Menu.Item
                  className="menu-item"
                  onClick={() => void workspaces.signOut(workspace.id, false)}
                >
                  Sign out
                </Menu.Item>
                <Menu.Item className="menu-item" data-kind="danger" onClick={() => setAsking(true)}>
                  Sign out everywhere…
                </Menu.Item>
              </Menu.Group>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <Ask
        open={asking}
        title="Sign out everywhere?"
        text={`Every session of ${email} ends, on this computer and on all others. Jobs go on.`}
        act="Sign out everywhere"
        keep="Stay signed in"
        onAct={() => void workspaces.signOut(workspace.id, true)}
        onClose={() => setAsking(false)}
      />
    </>
  )
}
