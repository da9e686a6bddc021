import { describe, expect, it } from 'vitest'
import { readSource } from '../../../../src/backend/jobs/source-file.ts'
import { Translator } from '../../../../src/backend/jobs/translator.ts'

const pairs = async (file: string): Promise<[string, string][]> =>
  (await readSource(file)).map(({ values }) => [values.source!, values.target!])

describe('the translator', () => {
  it('prefers the longest phrase and keeps what it does not know', () => {
    const translator = new Translator([
      ['zahlbar innerhalb von', 'payable within'],
      ['von', 'from'],
      ['Tage', 'days'],
    ])
    expect(translator.translate('zahlbar innerhalb von 14 Tage, QX12')).toEqual({
      text: 'Payable within 14 days, QX12',
      wordsKept: 1,
    })
  })

  it.each([
    [
      'glossary-de-en.csv',
      'Seefracht von Antwerpen nach Göteborg, 2 Container 40 Fuß',
      'Ocean freight from Antwerp to Gothenburg, 2 container 40 foot',
    ],
    [
      'glossary-en-fr.csv',
      'Dear patient, your results are ready',
      'Chère patiente, cher patient, vos résultats sont prêts',
    ],
  ])('translates with %s', async (file, source, target) => {
    const translator = new Translator(await pairs(file))
    expect(translator.translate(source)).toEqual({ text: target, wordsKept: 0 })
  })
})
