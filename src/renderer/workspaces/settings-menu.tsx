import { Menu } from '@base-ui/react/menu'
import type { AppView } from '../../shared/ipc/contract.ts'
import { useStores } from '../stores.ts'
import { CheckIcon, GearIcon } from '../ui/icons.tsx'
import { themeChoices } from '../ui/preferences.ts'
import type { Density, ThemeChoice } from '../ui/preferences.ts'
import { useView } from '../ui/use-view.ts'

const themeWords = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast',
} satisfies Record<ThemeChoice, string>

const densities = [
  ['comfortable', 'Comfortable'],
  ['compact', 'Compact'],
] as const satisfies readonly (readonly [Density, string])[]

export function SettingsMenu({ app }: { readonly app: AppView | null }) {
  const { preferences } = useStores()
  const { theme, density } = useView(preferences)
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-button" aria-label="Settings">
        <GearIcon />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" side="right" align="end" sideOffset={8}>
          <Menu.Popup className="popup">
            <Menu.RadioGroup
              value={theme}
              onValueChange={(value: ThemeChoice) => preferences.change({ theme: value })}
            >
              <Menu.Group>
                <Menu.GroupLabel className="menu-label">Colours</Menu.GroupLabel>
                {themeChoices.map((choice) => (
                  <Choice key={choice} value={choice} word={themeWords[choice]} />
                ))}
              </Menu.Group>
            </Menu.RadioGroup>
            <Menu.Separator className="menu-rule" />
            <Menu.RadioGroup
              value={density}
              onValueChange={(value: Density) => preferences.change({ density: value })}
            >
              <Menu.Group>
                <Menu.GroupLabel className="menu-label">Rows</Menu.GroupLabel>
                {densities.map(([choice, word]) => (
                  <Choice key={choice} value={choice} word={word} />
                ))}
              </Menu.Group>
            </Menu.RadioGroup>
            {app !== null && (
              <>
                <Menu.Separator className="menu-rule" />
                <div className="menu-label">Signalbox {app.version}</div>
              </>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

function Choice({ value, word }: { readonly value: string; readonly word: string }) {
  return (
    <Menu.RadioItem className="menu-item" value={value} closeOnClick>
      <span className="menu-check">
        <Menu.RadioItemIndicator>
          <CheckIcon size={14} />
        </Menu.RadioItemIndicator>
      </span>
      {word}
    </Menu.RadioItem>
  )
}
