import { CSPProvider } from '@base-ui/react/csp-provider'
import { Tooltip } from '@base-ui/react/tooltip'
import { ErrorBoundary } from './diagnostics/error-boundary.tsx'
import { ReceiptNotice } from './session/receipt-notice.tsx'
import { ReceiptSheet } from './session/receipt-sheet.tsx'
import { SignInSheet } from './session/sign-in-sheet.tsx'
import { StoresContext, useStores } from './stores.ts'
import type { Stores } from './stores.ts'
import { useView } from './ui/use-view.ts'
import { Desk } from './workspaces/desk.tsx'
import { Rail } from './workspaces/rail.tsx'
import './app.css'

/** The whole window. Base UI may not bring style elements: the policy of the page forbids them. */
export function App({ stores }: { readonly stores: Stores }) {
  return (
    <ErrorBoundary>
      <StoresContext value={stores}>
        <CSPProvider disableStyleElements>
          <Tooltip.Provider delay={400}>
            <Place />
          </Tooltip.Provider>
        </CSPProvider>
      </StoresContext>
    </ErrorBoundary>
  )
}

/** The rail stands beside everything as soon as there is a workspace to go back to. */
function Place() {
  const { workspaces } = useStores()
  const view = useView(workspaces)
  return (
    <div className="window" data-rail={view.workspaces.length > 0 || undefined}>
      {view.workspaces.length > 0 && <Rail view={view} />}
      <View />
      <ReceiptNotice receipts={view.receipts} />
    </div>
  )
}

function View() {
  const { workspaces } = useStores()
  const view = useView(workspaces)
  const { route } = view
  switch (route.kind) {
    case 'opening':
      return <Quiet text="Opening Signalbox" />
    case 'sign-in':
      return <SignInSheet email={route.email} />
    case 'receipt':
      return (
        <ReceiptSheet
          key={route.receipt.workspaceId}
          receipt={route.receipt}
          backTo={route.backTo}
        />
      )
    case 'desk': {
      const workspace = view.workspaces.find(({ id }) => id === route.workspaceId)
      if (workspace === undefined) {
        const ending = view.endingId === route.workspaceId
        return <Quiet text={ending ? 'Signing out' : 'Opening the workspace'} />
      }
      return <Desk key={workspace.id} workspace={workspace} view={view} />
    }
    default:
      return route satisfies never
  }
}

function Quiet({ text }: { readonly text: string }) {
  return (
    <main className="sheet" aria-busy="true">
      <p className="quiet">{text}</p>
    </main>
  )
}
