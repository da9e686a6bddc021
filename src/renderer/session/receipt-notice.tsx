import type { Receipt } from '../../shared/workspace.ts'
import { useStores } from '../stores.ts'
import { AlertIcon, CheckIcon, CloseIcon } from '../ui/icons.tsx'
import { noticeWords } from './receipt-words.ts'
import './receipt-notice.css'

/** A workspace that is not shown has ended: it says so, and keeps the receipt until it was seen. */
export function ReceiptNotice({ receipts }: { readonly receipts: readonly Receipt[] }) {
  const { workspaces } = useStores()
  const [receipt] = receipts
  const words = receipt === undefined ? null : noticeWords(receipt, receipts.length - 1)
  return (
    <div className="notice-place">
      <p className="vh" role="status">
        {words === null ? '' : `${words.title}. ${words.text}`}
      </p>
      {words !== null && (
        <section className="notice" aria-label={words.title} data-tone={words.tone}>
          {words.tone === 'clear' ? <CheckIcon /> : <AlertIcon />}
          <div className="notice-text">
            <p>
              <strong>{words.title}</strong>
              {words.more !== '' && <span className="notice-more">{words.more}</span>}
            </p>
            <p className="notice-rest">{words.text}</p>
          </div>
          <button
            type="button"
            className="button"
            data-size="small"
            onClick={() => workspaces.showReceipt()}
          >
            Show receipt
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={`Dismiss: ${words.title}`}
            onClick={() => workspaces.dismissReceipt()}
          >
            <CloseIcon />
          </button>
        </section>
      )}
    </div>
  )
}
