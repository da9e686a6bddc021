import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { StatusSign } from '../../../../src/renderer/jobs/status-sign.tsx'
import { Track, segmentsOf } from '../../../../src/renderer/jobs/track.tsx'
import { jobStatuses } from '../../../../src/shared/job.ts'

describe('the segments of a track', () => {
  it('are one a step, so that the step and the percentage are one picture', () => {
    const [first, second, third, fourth, fifth] = segmentsOf(52.4, 5)
    expect([first, second, fourth, fifth]).toEqual([1, 1, 0, 0])
    expect(third).toBeCloseTo(0.62)
  })

  it('become one piece when there are too many to tell apart', () => {
    expect(segmentsOf(50, 40)).toEqual([0.5])
  })

  it('never overflow', () => {
    expect(segmentsOf(140, 2)).toEqual([1, 1])
    expect(segmentsOf(-3, 2)).toEqual([0, 0])
  })
})

it('is a progress bar with words', () => {
  const html = renderToStaticMarkup(
    <Track
      percent={52.4}
      steps={5}
      tone="move"
      remembered
      label="Progress of jira-issues"
      text="step 3 of 5, Transform"
    />,
  )
  expect(html).toContain('role="progressbar"')
  expect(html).toContain('aria-valuenow="52"')
  expect(html).toContain('aria-valuetext="step 3 of 5, Transform, 52.4%, remembered"')
})

it('gives every status a shape of its own and a word', () => {
  const drawn = [...jobStatuses, 'stalled' as const].map((look) =>
    renderToStaticMarkup(<StatusSign look={look} remembered={false} />),
  )
  const shapes = drawn.map((html) => /<svg[^>]*>(.*)<\/svg>/.exec(html)?.[1])
  const words = drawn.map((html) => /class="vh">([^<]+)</.exec(html)?.[1])
  expect(new Set(shapes).size).toBe(drawn.length)
  expect(words).toEqual(['Queued', 'Running', 'Done', 'Failed', 'Cancelled', 'Stalled'])
})
