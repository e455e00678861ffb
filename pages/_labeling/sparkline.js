/** The uncertainty of derived boxes: of the selected track, otherwise the highest of all tracks. */

import { h } from "../_shared/element.js"
import { WARNING_COLOR } from "./box_painting.js"
import { UNCERTAIN } from "./box_store.js"
import { sharpContext } from "./sharp_canvas.js"
import { clipText, dragToSeek, GUTTER_PX, themeOf, xOf } from "./strip.js"
import { trackNumber } from "./track_name.js"

/**
 * @typedef {object} State
 * @property {number} frameCount
 * @property {number} shown
 * @property {import("./operations.js").TrackRef | null} selected track
 * @property {import("./operations.js").TrackRef[]} ids the tracks to include
 * @property {import("./propagation_store.js").PropagationStore} propagation
 */

const SPARK_PX = 30
const FULL = 0.6 // the uncertainty that fills the strip; higher ones are rare

export class Sparkline {
  /** @param {HTMLElement} element @param {import("./strip.js").Seek} seek */
  constructor(element, seek) {
    this.element = element
    /** @type {State | null} */
    this.state = null
    this.canvas = h("canvas", {})
    element.append(this.canvas)
    element.title = "Uncertainty of the boxes between key frames. It is higher where a detector disagrees with them. W goes to the worst frame."
    element.addEventListener("pointerdown", (event) => {
      if (this.state) dragToSeek(event, element, this.state.frameCount, seek)
    })
  }

  /** @param {State} state */
  paint(state) {
    this.state = state
    const width = this.element.clientWidth
    if (!width) return
    const context = sharpContext(this.canvas, width, SPARK_PX)
    const theme = themeOf(this.element)
    this.#gutter(context, theme, state)
    this.#curve(context, width, state)
    const x = Math.round(xOf(state.shown + 0.5, width, state.frameCount))
    context.fillStyle = theme.accent
    context.fillRect(x - 1, 0, 2, SPARK_PX)
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./strip.js").Theme} theme
   * @param {State} state
   */
  #gutter(context, theme, { propagation, selected }) {
    context.font = `11px ${theme.font}`
    context.textBaseline = "middle"
    context.fillStyle = theme.faint
    const words = propagation.pending ? "computing…" : "uncertainty"
    context.fillText(clipText(context, selected ? `${words} ${trackNumber(selected)}` : words, GUTTER_PX - 14), 7, SPARK_PX / 2)
  }

  /**
   * One bar per pixel: the maximum of its frames, so that no peak is lost in a long video.
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {State} state
   */
  #curve(context, width, { frameCount, propagation, ids }) {
    const highest = highestBars(propagation.uncertainties(ids), (frame) => Math.floor(xOf(frame, width, frameCount)))
    const wide = Math.max(1, Math.ceil(xOf(1, width, frameCount) - xOf(0, width, frameCount)))
    for (const [x, value] of highest) {
      const tall = Math.max(1, Math.min(1, value / FULL) * (SPARK_PX - 6))
      context.fillStyle = value >= UNCERTAIN ? WARNING_COLOR : "#7d8fa9"
      context.fillRect(x, SPARK_PX - 2 - tall, wide, tall)
    }
  }
}

/**
 * The highest value at each pixel.
 * @param {Iterable<[number, number]>} values pairs of frame and value
 * @param {(frame: number) => number} xOfFrame
 * @returns {Map<number, number>} values above 0, by pixel
 */
export function highestBars(values, xOfFrame) {
  /** @type {Map<number, number>} */
  const highest = new Map()
  for (const [frame, value] of values) {
    const x = xOfFrame(frame)
    if (value > (highest.get(x) ?? 0)) highest.set(x, value)
  }
  return highest
}
