import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import { jobKeyOf } from '../../shared/job-key.ts'
import type { JobRow } from '../../shared/job.ts'
import { formatRate } from '../ui/format.ts'
import { useNowMs } from '../ui/ticker.ts'
import type { RateHistory, RateSamples } from './rate-history.ts'
import { RatePlot } from './rate-plot.ts'

interface RateChartProps {
  readonly row: JobRow
  readonly rates: RateHistory
  readonly unit: string
}

/** The rate of the last 30 s, or why there is none. */
export function RateChart({ row, rates, unit }: RateChartProps) {
  const nowMs = useNowMs()
  const samples = rates.within(jobKeyOf(row), nowMs)
  if (row.remembered) return <p className="pane-note">Not known while the connection is down.</p>
  if (samples.atMs.length < 2) return <p className="pane-note">Not enough data yet.</p>
  return <Plot samples={samples} nowMs={nowMs} words={inWords(samples, unit)} />
}

interface PlotProps {
  readonly samples: RateSamples
  readonly nowMs: number
  readonly words: string
}

/** It is drawn with the beat, which stands still while the window is hidden. */
function Plot({ samples, nowMs, words }: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<RatePlot | null>(null)
  useEffect(() => {
    if (host.current === null) return undefined
    const made = new RatePlot(host.current)
    plot.current = made
    return () => {
      plot.current = null
      made.destroy()
    }
  }, [])
  useEffect(() => plot.current?.draw(samples, nowMs), [samples, nowMs])
  return <div ref={host} className="chart" role="img" aria-label={words} />
}

/** The chart for those who do not see it. */
export function inWords({ perSecond }: RateSamples, unit: string): string {
  const low = formatRate(Math.min(...perSecond))
  const high = formatRate(Math.max(...perSecond))
  return `Between ${low} and ${high}, now ${formatRate(perSecond.at(-1) ?? 0)}, in ${unit}.`
}
