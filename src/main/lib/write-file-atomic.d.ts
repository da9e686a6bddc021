declare module 'write-file-atomic' {
  /** Writes to a temporary file beside it, syncs, renames. */
  export default function writeFileAtomic(
    path: string,
    text: string,
    options: { readonly mode: number; readonly encoding: 'utf8' },
  ): Promise<void>
}
