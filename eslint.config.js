import js from '@eslint/js'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

/**
 * Fences: what each room may not import (design: arrows). One block a room, so that the patterns
 * never overlap: a later `no-restricted-imports` replaces an earlier one for the same file.
 */
const platform = {
  group: ['electron', 'electron/*', 'keytar'],
  message: 'Only src/main/host, src/main/index.ts and src/preload may import electron or keytar.',
}
const ban = (message, ...group) => ({ group, message })
const host = ban('Only src/main/index.ts wires the host room.', '**/host/**')
const otherEnd = ban('The console and the backend meet only in src/shared.', '**/backend/**')
const consoleEnd = ban(
  'The backend imports nothing of the console.',
  '**/main/**',
  '**/renderer/**',
  '**/preload/**',
)
const window = ban('Main never imports the window.', '**/renderer/**', '**/preload/**')

const fence = (files, ...patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [platform, ...patterns] }] },
})

const noDynamicPlatformImport = [
  {
    selector: 'ImportExpression[source.value=/^(electron|keytar)/]',
    message: 'No dynamic import of electron or keytar.',
  },
  {
    selector: "CallExpression[callee.name='require'][arguments.0.value=/^(electron|keytar)/]",
    message: 'No require of electron or keytar.',
  },
]
const noTimersOutsideClock = [
  {
    selector:
      "CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/], CallExpression[callee.object.name='globalThis'][callee.property.name=/^(setTimeout|setInterval)$/]",
    message: 'Timers belong to the Clock port (src/main/lib/clock.ts).',
  },
]

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'coverage/', 'test-results/', 'playwright-report/', 'docs/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.node.json', './tsconfig.web.json', './tsconfig.e2e.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-syntax': ['error', ...noDynamicPlatformImport],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-params': ['error', 3],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/renderer/**/*.tsx'],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      'max-lines-per-function': ['error', { max: 120, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    files: ['src/main/**/*.ts'],
    ignores: ['src/main/lib/clock.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...noDynamicPlatformImport, ...noTimersOutsideClock],
    },
  },

  // Rooms.
  fence(
    ['src/shared/**'],
    ban(
      'shared imports zod and itself, nothing else.',
      '**/main/**',
      '**/renderer/**',
      '**/backend/**',
      '**/preload/**',
      'node:*',
    ),
  ),
  fence(['src/backend/**'], consoleEnd),
  fence(
    ['src/renderer/**'],
    ban(
      'The window meets main only in src/shared.',
      '**/main/**',
      '**/backend/**',
      '**/preload/**',
      'node:*',
    ),
  ),
  fence(
    ['src/main/lib/**'],
    host,
    otherEnd,
    window,
    ban(
      'lib imports lib and ports only.',
      '**/session/**',
      '**/sources/**',
      '**/jobs/**',
      '**/offline/**',
      '**/workspaces/**',
      '**/ipc/{serve,publish,handlers}*',
      '**/profiles/**',
    ),
  ),
  fence(['src/main/ports.ts'], host, otherEnd, window),
  fence(['src/main/app.ts'], host, otherEnd, window),
  fence(
    ['src/main/session/**'],
    host,
    otherEnd,
    window,
    ban(
      'session knows no socket and no job.',
      '**/sources/**',
      '**/jobs/**',
      '**/offline/**',
      '**/workspaces/**',
    ),
  ),
  fence(
    ['src/main/sources/**'],
    host,
    otherEnd,
    window,
    ban(
      'sources know no session; they are given tokens.',
      '**/session/**',
      '**/offline/**',
      '**/workspaces/**',
      '**/profiles/**',
    ),
  ),
  fence(
    ['src/main/jobs/**'],
    host,
    otherEnd,
    window,
    ban(
      'jobs know neither session nor sources.',
      '**/session/**',
      '**/sources/**',
      '**/offline/**',
      '**/workspaces/**',
    ),
  ),
  fence(
    ['src/main/offline/**'],
    host,
    otherEnd,
    window,
    ban(
      'offline knows jobs as data: neither session, nor sources, nor workspaces.',
      '**/session/**',
      '**/sources/**',
      '**/workspaces/**',
      '**/profiles/**',
    ),
  ),
  fence(
    ['src/main/profiles/**'],
    host,
    otherEnd,
    window,
    ban(
      'profiles know nothing but shared, ports and lib.',
      '**/session/**',
      '**/sources/**',
      '**/jobs/**',
      '**/offline/**',
      '**/workspaces/**',
    ),
  ),
  fence(
    ['src/main/diagnostics/**', 'src/main/workspaces/**', 'src/main/ipc/**'],
    host,
    otherEnd,
    window,
  ),
  {
    files: ['src/main/host/**', 'src/main/index.ts', 'src/preload/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [otherEnd] }] },
  },
  fence(['tests/unit/**', 'tests/integration/**']),

  {
    files: ['tests/**/*.ts', 'tests/**/*.tsx', 'scripts/**/*.ts', 'tools/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Evaluated inside a page, not by Node.
    files: ['tools/electron-stand-in/page/*.js'],
    languageOptions: {
      globals: {
        window: 'readonly',
        document: 'readonly',
        matchMedia: 'readonly',
        Event: 'readonly',
        EventTarget: 'readonly',
        CustomEvent: 'readonly',
        MouseEvent: 'readonly',
      },
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
        Buffer: 'readonly',
        globalThis: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        URL: 'readonly',
        AbortController: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
        Response: 'readonly',
      },
    },
  },
)
