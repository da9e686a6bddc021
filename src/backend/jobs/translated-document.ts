import { integer, text } from './fields.ts'
import type { Recipe } from './recipe.ts'

type Given = Pick<Recipe, 'key' | 'name' | 'tenantId' | 'files' | 'rowsPerSecond'> & {
  readonly glossary: string
}

/** A recipe that translates documents line by line with a bundled glossary. */
export function translatedDocument(given: Given): Recipe {
  return {
    ...given,
    kind: 'Translation',
    unit: 'lines',
    steps: ['Translate', 'Load'],
    fields: { document: text(40), line: integer(), text: text(400) },
    transform: (row, { translator }) => {
      const source = String(row.text)
      const result = translator?.translate(source) ?? { text: source, wordsKept: 0 }
      return { ...row, source, target: result.text, words_kept: result.wordsKept }
    },
    remark: {
      when: (row) => Number(row.words_kept) > 0,
      text: 'with words not in the glossary, kept',
    },
    target: {
      table: 'translations',
      columns: {
        document: 'text',
        line: 'integer',
        source: 'text',
        target: 'text',
        words_kept: 'integer',
      },
      groupBy: 'words_kept::text',
      amount: 'words_kept',
    },
  }
}
