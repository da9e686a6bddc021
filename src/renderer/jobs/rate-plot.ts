/** The drawn rate: uPlot in the colours of the theme. It owns its canvas until `destroy`. */
import uPlot from 'uplot'
import { shownMs } from './rate-history.ts'
import type { RateSamples } from './rate-history.ts'

const height = 84

export class RatePlot {
  readonly #host: HTMLElement
  readonly #plot: uPlot
  readonly #observers: (() => void)[] = []

  constructor(host: HTMLElement) {
    this.#host = host
    this.#plot = new uPlot(this.#options(), [[], []], host)
    const resize = new ResizeObserver(() => {
      this.#plot.setSize({ width: host.clientWidth, height })
    })
    resize.observe(host)
    const theme = new MutationObserver(() => this.#plot.redraw(false))
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    this.#observers.push(
      () => resize.disconnect(),
      () => theme.disconnect(),
    )
  }

  draw(samples: RateSamples, nowMs: number): void {
    this.#plot.setData([samples.atMs.map((at) => at / 1_000), [...samples.perSecond]], false)
    this.#plot.batch(() => {
      this.#plot.setScale('x', { min: (nowMs - shownMs) / 1_000, max: nowMs / 1_000 })
      this.#plot.setScale('y', { min: 0, max: Math.max(1, ...samples.perSecond) * 1.15 })
    })
  }

  destroy(): void {
    for (const stop of this.#observers.splice(0)) stop()
    this.#plot.destroy()
  }

  #options(): uPlot.Options {
    const colour = (name: string) => () =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    return {
      width: this.#host.clientWidth,
      height,
      padding: [4, 0, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: [{ show: false }, { show: false }],
      series: [
        {},
        {
          stroke: colour('--move'),
          fill: colour('--move-track'),
          width: 1.5,
          points: { show: false },
        },
      ],
    }
  }
}
