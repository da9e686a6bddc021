import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect } from 'vitest'
import { JobName } from '../../../src/renderer/jobs/job-name.tsx'
import { fault } from '../../support/fault.ts'
import { sampleRow } from '../../support/web/samples.ts'

/** What is said, and what is seen of it. */
const names: Readonly<Record<string, readonly [string, string]>> = {
  'a right-to-left override': ['import\u202Egnp.exe', 'import\uFFFDgnp.exe'],
  'an unclosed embedding': ['\u202B\u202Bnightly', '\uFFFD\uFFFDnightly'],
  'an isolate that is never closed': ['\u2067nightly', '\uFFFDnightly'],
  'an end of the isolation around it': ['nightly\u2069\u202E', 'nightly\uFFFD\uFFFD'],
  'characters without a width': ['ni\u200Bght\u2060ly\uFEFF', 'ni\uFFFDght\uFFFDly\uFFFD'],
  'a script written from right to left': ['\u05D9\u05D1\u05D5\u05D0', '\u05D9\u05D1\u05D5\u05D0'],
  'a joined emoji': ['\u{1F469}\u200D\u{1F4BB}', '\u{1F469}\u200D\u{1F4BB}'],
  'a script element': ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  'an image': ['"><img src=x>', '&quot;&gt;&lt;img src=x&gt;'],
  'an end of its element': ['</bdi><b>', '&lt;/bdi&gt;&lt;b&gt;'],
}

describe('a name that wants to be more than a name', () => {
  for (const [what, [name, seen]] of Object.entries(names)) {
    fault(63, `${what}: shown as text, by itself`, () => {
      const row = sampleRow({ name, kind: 'import', attempt: 12 })
      const html = renderToStaticMarkup(<JobName row={row} />)
      // What stands after it is outside of its isolation, so its direction is that of the window.
      expect(html).toBe(
        `<bdi class="job-name">${seen}</bdi> <bdi class="job-kind">import</bdi><span class="job-kind"> attempt 12</span>`,
      )
      return 'in an element of its own, nothing of it markup, nothing of it unseen'
    })
  }
})
