/** Moves and zooms the view by wheel, middle button, Alt drag, or two fingers. */

/** @typedef {import("./view.js").Point} Point */
/** @typedef {import("./view.js").View} View */
/**
 * @typedef {object} GestureListener
 * @property {View} view
 * @property {() => void} changed
 * @property {() => void} pinchStarted a second finger went down
 */

const LINE_PX = 20
const WHEEL_PX_PER_E = 300

export class ViewGestures {
  /** Where each finger is. @type {Map<number, Point>} */ #fingers = new Map()
  /** @type {{pointerId: number, at: Point} | null} the pointer that pans the picture */ #panning = null
  /** From the second finger down until all fingers are up. */ #isPinching = false

  /** @param {HTMLElement} stage @param {GestureListener} on @param {AbortSignal} signal */
  constructor(stage, on, signal) {
    this.stage = stage
    this.on = on
    const options = { capture: true, passive: false, signal }
    stage.addEventListener("wheel", (event) => this.#wheel(event), options)
    stage.addEventListener("pointerdown", (event) => this.#down(event), options)
    stage.addEventListener("pointermove", (event) => this.#move(event), options)
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
      stage.addEventListener(end, (event) => this.#up(event), options)
    }
  }

  /** @param {{clientX: number, clientY: number}} event @returns {Point} on the stage */
  #at({ clientX, clientY }) {
    const { left, top } = this.stage.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    // The notices over the picture may scroll.
    if (event.target instanceof Element && event.target.closest(".notices")) return
    const { view } = this.on
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit]
    event.preventDefault()
    if (event.ctrlKey || event.metaKey) view.zoomBy(Math.exp(-dy / WHEEL_PX_PER_E), this.#at(event))
    else if (event.shiftKey) view.pan(-dy, 0)
    else view.pan(-dx, -dy)
    this.on.changed()
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.pointerType === "touch") this.#fingers.set(event.pointerId, this.#at(event))
    if (this.#fingers.size > 1) {
      if (!this.#isPinching) this.on.pinchStarted()
      this.#isPinching = true
    } else if (event.button === 1 || (event.button === 0 && event.altKey)) {
      this.#panning = { pointerId: event.pointerId, at: this.#at(event) }
      this.stage.setPointerCapture(event.pointerId)
    } else return
    consume(event)
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = this.#at(event)
    if (this.#panning?.pointerId === event.pointerId) {
      this.on.view.pan(at.x - this.#panning.at.x, at.y - this.#panning.at.y)
      this.#panning.at = at
    } else if (this.#isPinching && this.#fingers.has(event.pointerId)) {
      this.#pinch(event.pointerId, at)
    } else return
    consume(event)
    this.on.changed()
  }

  /** @param {number} pointerId @param {Point} at */
  #pinch(pointerId, at) {
    const before = this.#pinchState
    this.#fingers.set(pointerId, at)
    const after = this.#pinchState
    const { view } = this.on
    view.pan(after.middle.x - before.middle.x, after.middle.y - before.middle.y)
    if (before.width && after.width) view.zoomBy(after.width / before.width, after.middle)
  }

  /** The middle and the distance of the first two fingers; distance 0 for one finger. */
  get #pinchState() {
    const [a = { x: 0, y: 0 }, b = a] = this.#fingers.values()
    return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, width: Math.hypot(a.x - b.x, a.y - b.y) }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.#fingers.delete(event.pointerId)
    if (this.#panning?.pointerId === event.pointerId) this.#panning = null
    else if (!this.#isPinching) return
    if (!this.#fingers.size) this.#isPinching = false
    consume(event)
  }
}

/** @param {Event} event */
function consume(event) {
  event.stopImmediatePropagation()
  event.preventDefault()
}
