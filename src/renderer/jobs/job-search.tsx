import { Menu } from '@base-ui/react/menu'
import { useEffect, useRef } from 'react'
import type { KeyboardEvent as InputKeyEvent } from 'react'
import { jobStatusWords } from './status-filter.ts'
import type { StatusChoice } from './status-filter.ts'
import { CheckIcon, ChevronIcon, SearchIcon } from '../ui/icons.tsx'
import { isTyping } from '../ui/keys.ts'
import { useView } from '../ui/use-view.ts'
import { noFilter } from './filter.ts'
import type { JobFeed } from './job-feed.ts'
import type { JobList } from './job-list.ts'
import './search.css'

interface JobSearchProps {
  readonly list: JobList
  readonly feed: JobFeed
  readonly mac: boolean
}

/** One field for text, and the statuses as a chip within it. */
export function JobSearch({ list, mac }: JobSearchProps) {
  const { filter } = useView(list)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const combined = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k'
      const slash = event.key === '/' && !isTyping(event) && !event.ctrlKey && !event.metaKey
      if (!combined && !slash) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])

  const onKey = (event: InputKeyEvent<HTMLInputElement>): void => {
    if (event.key === 'Backspace' && filter.text === '' && filter.statuses.length > 0) {
      list.setFilter({ ...filter, statuses: filter.statuses.slice(0, -1) })
    }
    if (event.key === 'Escape' || event.key === 'ArrowDown') {
      event.preventDefault()
      if (event.key === 'Escape') list.setFilter(noFilter)
      document.querySelector<HTMLElement>('[role="treegrid"]')?.focus()
    }
  }

  return (
    <search className="search">
      <SearchIcon size={14} />
      <StatusMenu list={list} />
      <input
        ref={input}
        type="text"
        role="searchbox"
        aria-label="Search jobs, tenants, errors"
        aria-keyshortcuts={mac ? 'Meta+K' : 'Control+K'}
        placeholder="Search jobs, tenants, errors"
        spellCheck={false}
        autoComplete="off"
        value={filter.text}
        onChange={(event) => list.setFilter({ ...filter, text: event.target.value })}
        onKeyDown={onKey}
      />
      <kbd className="key" aria-hidden="true">
        {mac ? '⌘ K' : 'Ctrl K'}
      </kbd>
    </search>
  )
}

function StatusMenu({ list }: { readonly list: JobList }) {
  const { filter } = useView(list)
  const chosen = filter.statuses
  const words = chosen.map((status) => jobStatusWords[status].toLowerCase())
  const toggle = (status: StatusChoice, on: boolean): void => {
    const statuses = on ? [...chosen, status] : chosen.filter((each) => each !== status)
    list.setFilter({ ...filter, statuses })
  }
  return (
    <Menu.Root>
      <Menu.Trigger className="chip" data-on={chosen.length > 0 || undefined}>
        status
        {chosen.length === 0 ? <span className="vh">: all</span> : `: ${words.join(', ')}`}
        <ChevronIcon size={10} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" align="start" sideOffset={6}>
          <Menu.Popup className="popup">
            {(Object.keys(jobStatusWords) as StatusChoice[]).map((status) => (
              <Menu.CheckboxItem
                key={status}
                className="menu-item"
                checked={chosen.includes(status)}
                onCheckedChange={(on) => toggle(status, on)}
              >
                <span className="menu-check">
                  <Menu.CheckboxItemIndicator>
                    <CheckIcon size={14} />
                  </Menu.CheckboxItemIndicator>
                </span>
                {jobStatusWords[status]}
              </Menu.CheckboxItem>
            ))}
            <Menu.Separator className="menu-rule" />
            <Menu.Item
              className="menu-item"
              disabled={chosen.length === 0}
              onClick={() => list.setFilter({ ...filter, statuses: [] })}
            >
              <span className="menu-check" />
              All statuses
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
