import type { ReactNode } from 'react'

interface IconProps {
  readonly size?: number
}

/** Line icons on a grid of 16, in the colour of the text; names are given by what they stand in. */
const line = (children: ReactNode, size = 16): ReactNode => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.4"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    {children}
  </svg>
)

export const SearchIcon = ({ size }: IconProps) =>
  line(
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 3.5 3.5" />
    </>,
    size,
  )

export const ChevronIcon = ({ size }: IconProps) => line(<path d="m4 6 4 4 4-4" />, size)

export const PlusIcon = ({ size }: IconProps) => line(<path d="M8 3.5v9M3.5 8h9" />, size)

export const CloseIcon = ({ size }: IconProps) => line(<path d="m4 4 8 8M12 4l-8 8" />, size)

export const CheckIcon = ({ size }: IconProps) => line(<path d="m3.5 8.5 3 3 6-7" />, size)

export const CopyIcon = ({ size }: IconProps) =>
  line(
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
    </>,
    size,
  )

export const AlertIcon = ({ size }: IconProps) =>
  line(
    <>
      <circle cx="8" cy="8" r="5.8" />
      <path d="M8 5.2v3.2M8 10.8v.01" />
    </>,
    size,
  )

export const LockIcon = ({ size }: IconProps) =>
  line(
    <>
      <rect x="3" y="7" width="10" height="6.5" rx="1.5" />
      <path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2" />
    </>,
    size,
  )

export const GearIcon = ({ size }: IconProps) =>
  line(
    <>
      <circle cx="8" cy="8" r="2.1" />
      <path d="M8 1.8v1.7M8 12.5v1.7M1.8 8h1.7M12.5 8h1.7M3.6 3.6l1.2 1.2M11.2 11.2l1.2 1.2M12.4 3.6l-1.2 1.2M4.8 11.2l-1.2 1.2" />
    </>,
    size,
  )

export const KeyboardIcon = ({ size }: IconProps) =>
  line(
    <>
      <rect x="1.5" y="4" width="13" height="8.5" rx="1.5" />
      <path d="M4.2 7h.01M6.8 7h.01M9.3 7h.01M11.9 7h.01M5 9.8h6" />
    </>,
    size,
  )
