import { Dialog } from '@base-ui/react/dialog'
import { useEffect, useState } from 'react'
import { CloseIcon, KeyboardIcon } from '../ui/icons.tsx'
import { isTyping } from '../ui/keys.ts'
import { Tip } from '../ui/tip.tsx'

const keys = [
  ['Ctrl K or /', 'Search jobs'],
  ['↓ ↑', 'Next, previous row'],
  ['Page Down, Page Up', 'A page further, back'],
  ['Home, End', 'First, last row'],
  ['← →', 'Fold, unfold a tenant'],
  ['Enter', 'Show the details of a job'],
  ['Escape', 'Close the details, or clear the search'],
  ['Ctrl 1 to 9', 'Show that workspace'],
  ['Ctrl Shift N', 'Another window'],
  ['?', 'This sheet'],
] as const

/** The keys of the window, behind `?` and behind its button in the rail. */
export function KeyboardSheet() {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '?' || isTyping(event)) return
      event.preventDefault()
      setOpen(true)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Tip text="Keyboard (?)" side="right">
        <button
          type="button"
          className="icon-button"
          aria-label="Keyboard"
          onClick={() => setOpen(true)}
        >
          <KeyboardIcon />
        </button>
      </Tip>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <div className="dialog-head">
            <Dialog.Title className="dialog-title">Keyboard</Dialog.Title>
            <Dialog.Close className="icon-button" aria-label="Close">
              <CloseIcon />
            </Dialog.Close>
          </div>
          <dl className="keys">
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd className="key">{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
