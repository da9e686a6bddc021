import { useEffect, useRef } from 'react'
import type { Receipt } from '../../shared/workspace.ts'
import { useStores } from '../stores.ts'
import { useView } from '../ui/use-view.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { receiptText, receiptWords } from './receipt-words.ts'
import './session.css'

interface ReceiptSheetProps {
  readonly receipt: Receipt
  /** The workspace to go back to, when the receipt is of another one. */
  readonly backTo: string | null
}

/** What sign-out did: what was ended, what is left, what could not be done. */
export function ReceiptSheet({ receipt, backTo }: ReceiptSheetProps) {
  const { signIn, workspaces } = useStores()
  const { workspaces: open } = useView(workspaces)
  const back = open.find(({ id }) => id === backTo) ?? open[0]
  const words = receiptWords(receipt)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <main className="sheet">
      <div className="sheet-column">
        <h1 className="sheet-title" ref={title} tabIndex={-1}>
          {words.title}
        </h1>
        {words.why !== null && <p className="sheet-text">{words.why}</p>}
        <p className="sheet-text">{words.left}</p>
        <table className="receipt">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className="num">
                Ended
              </th>
              <th scope="col" className="num">
                Left
              </th>
            </tr>
          </thead>
          <tbody>
            {words.lines.map((line) => (
              <tr key={line.what}>
                <th scope="row">{line.what}</th>
                <td className="num">{line.ended}</td>
                <td className="num" data-tone={line.clean ? 'clear' : 'caution'}>
                  {line.left}
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">Session at the server</th>
              <td />
              <td className="num" data-tone={words.server.tone}>
                {words.server.word}
              </td>
            </tr>
          </tbody>
        </table>
        <p className="receipt-closing">{words.closing}</p>
        <div className="sheet-acts">
          <CopyButton className="button" text={receiptText(receipt)}>
            {(copied) => (copied ? 'Copied' : 'Copy receipt')}
          </CopyButton>
          <button
            type="button"
            className="button"
            data-kind="primary"
            onClick={() => {
              signIn.chooseProfile(receipt.profileId)
              workspaces.addWorkspace(receipt.email)
            }}
          >
            Sign in again
          </button>
          {back !== undefined && (
            <button type="button" className="button" onClick={() => workspaces.choose(back.id)}>
              Back to {back.profileName}
            </button>
          )}
        </div>
      </div>
    </main>
  )
}
