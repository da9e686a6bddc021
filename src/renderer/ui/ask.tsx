import { AlertDialog } from '@base-ui/react/alert-dialog'

interface AskProps {
  readonly open: boolean
  readonly title: string
  readonly text: string
  /** A verb. */
  readonly act: string
  /** What closing without the act means. */
  readonly keep: string
  readonly onAct: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. */
export function Ask({ open, title, text, act, keep, onAct, onClose }: AskProps) {
  return (
    <AlertDialog.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
    >
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title className="dialog-title">{title}</AlertDialog.Title>
          <AlertDialog.Description className="dialog-text">{text}</AlertDialog.Description>
          <div className="dialog-acts">
            <AlertDialog.Close className="button">{keep}</AlertDialog.Close>
            <button
              type="button"
              className="button"
              data-kind="danger"
              onClick={() => {
                onClose()
                onAct()
              }}
            >
              {act}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
