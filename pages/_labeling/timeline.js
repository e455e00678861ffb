/** The timeline under the picture: the playhead, the labelled ranges, and a lane per track. */

import { h } from "../_shared/element.js"
import { sharpContext } from "./sharp_canvas.js"
import { dragToSeek, themeOf } from "./strip.js"
import { LANE_PX, RULER_PX, paintTimeline } from "./timeline_painting.js"

/** @typedef {import("./timeline_painting.js").TimelineState} TimelineState */
/** @typedef {{ seek: import("./strip.js").Seek, select(track: import("./operations.js").TrackRef): void }} TimelineListener */

export class Timeline {
  /** @param {HTMLElement} element @param {TimelineListener} on */
  constructor(element, on) {
    this.element = element
    this.on = on
    this.canvas = h("canvas", { class: "timeline-canvas", tabindex: -1 })
    this.spacer = h("div", { class: "timeline-spacer" })
    /** @type {TimelineState | null} */
    this.state = null
    /** @type {import("./operations.js").TrackRef | null} */
    this.selected = null
    element.append(this.canvas, this.spacer)
    element.addEventListener("pointerdown", (event) => this.#down(event))
    element.addEventListener("scroll", () => this.state && this.paint(this.state))
  }

  /** @param {TimelineState} state */
  paint(state) {
    this.state = state
    const { clientWidth: width, clientHeight: height } = this.element
    if (!width || !height) return
    const context = sharpContext(this.canvas, width, height)
    this.spacer.style.height = `${RULER_PX + state.tracks.length * LANE_PX}px`
    if (state.selected !== this.selected) this.#reveal(state, height)
    const { scrollTop } = this.element
    paintTimeline({ context, theme: themeOf(this.element), width, height, scrollTop }, state)
  }

  /**
   * Scroll the lane of a newly selected track into view.
   * @param {TimelineState} state
   * @param {number} height
   */
  #reveal({ tracks, selected }, height) {
    this.selected = selected
    const top = tracks.findIndex(({ id }) => id === selected) * LANE_PX
    if (top < 0) return
    const room = height - RULER_PX - LANE_PX
    this.element.scrollTop = Math.min(Math.max(this.element.scrollTop, top - room), top)
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0 || !this.state) return
    const bounds = this.element.getBoundingClientRect()
    const y = event.clientY - bounds.top
    if (event.clientX - bounds.left > this.element.clientWidth) return // the scroll bar
    const lane = Math.floor((y - RULER_PX + this.element.scrollTop) / LANE_PX)
    const track = y > RULER_PX ? this.state.tracks[lane] : null
    if (track) this.on.select(track.id)
    dragToSeek(event, this.element, this.state.frameCount, this.on.seek)
  }
}
