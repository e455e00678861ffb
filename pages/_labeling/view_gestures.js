/** Wheel with Ctrl, pinch, middle button and Alt drag, over the picture or the canvas on it. */

import { stopEvent } from "./events.js"

/**
 * @typedef {object} Owner
 * @property {import("./view.js").View} view
 * @property {() => (Element | null)[]} picture the elements that count, the picture first
 * @property {() => void} changed
 */

export class ViewGestures {
  /**
   * `on` has picture() -> the elements that count, view, changed().
   * @param {Owner} on
   * @param {AbortSignal} signal
   */
  constructor(on, signal) {
    this.on = on
    /** @type {MouseEvent | null} */
    this.from = null // the last event of the drag that pans
    const options = { capture: true, passive: false, signal }
    window.addEventListener("wheel", (event) => this.#wheel(event), options)
    window.addEventListener("mousedown", (event) => this.#down(event), options)
    window.addEventListener("mousemove", (event) => this.#move(event), options)
    window.addEventListener("mouseup", (event) => this.#up(event), options)
  }

  /** @param {Event} event */
  #isOver(event) {
    const path = event.composedPath()
    return this.on.picture().some((element) => element && path.includes(element))
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.#isOver(event)) return
    const { view } = this.on
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1
    event.preventDefault()
    if (event.ctrlKey || event.metaKey) {
      const bounds = /** @type {Element} */ (this.on.picture()[0]).getBoundingClientRect()
      const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top }
      view.zoomBy(Math.exp((-event.deltaY * lines) / 300), at)
    } else if (event.shiftKey) view.pan(-event.deltaY * lines, 0)
    else view.pan(-event.deltaX * lines, -event.deltaY * lines)
    this.on.changed()
  }

  /** @param {MouseEvent} event */
  #down(event) {
    const pans = event.button === 1 || (event.button === 0 && event.altKey)
    if (!event.isTrusted || !pans || !this.#isOver(event)) return
    stopEvent(event)
    event.preventDefault()
    this.from = event
  }

  /** @param {MouseEvent} event */
  #move(event) {
    if (!this.from || !event.isTrusted) return
    stopEvent(event)
    this.on.view.pan(event.clientX - this.from.clientX, event.clientY - this.from.clientY)
    this.from = event
    this.on.changed()
  }

  /** @param {MouseEvent} event */
  #up(event) {
    if (!this.from || !event.isTrusted) return
    stopEvent(event)
    this.from = null
  }
}
