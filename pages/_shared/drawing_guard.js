/** Knows whether a canvas of the page is being drawn on, and refuses that while it changes. */

const ANSWER_MS = 300 // the canvas reports a box 200 ms after pointer-up
const STARTS = ["pointerdown", "mousedown", "touchstart"]
const ENDS = ["pointerup", "pointercancel"]

export class DrawingGuard {
  constructor() {
    this.isRefusing = false
    this.isPressed = false
    this.releasedAt = -Infinity
    this.onStart = (/** @type {Event} */ event) => this.#start(event)
    this.onEnd = () => this.#end()
    for (const kind of STARTS) window.addEventListener(kind, this.onStart, { capture: true })
    for (const kind of ENDS) window.addEventListener(kind, this.onEnd, { capture: true })
  }

  destroy() {
    for (const kind of STARTS) window.removeEventListener(kind, this.onStart, { capture: true })
    for (const kind of ENDS) window.removeEventListener(kind, this.onEnd, { capture: true })
  }

  /** Whether something is being drawn, or may not have been reported yet. */
  isBusy() {
    return this.isPressed || performance.now() - this.releasedAt < ANSWER_MS
  }

  /** Let no drawing begin until ``allow``. */
  refuse() {
    this.isRefusing = true
  }

  allow() {
    this.isRefusing = false
  }

  /** @param {Event} event */
  #start(event) {
    if (!event.composedPath().some((each) => each instanceof HTMLCanvasElement)) return
    if (this.isRefusing) event.stopImmediatePropagation()
    else this.isPressed = true
  }

  #end() {
    if (!this.isPressed) return
    this.isPressed = false
    this.releasedAt = performance.now()
  }
}
