/** Moves and zooms the view: wheel, middle button and Alt drag, and two fingers. */

/** @typedef {import("./view.js").Point} Point */
/** @typedef {import("./view.js").View} View */
/**
 * @typedef {object} GestureListener
 * @property {View} view
 * @property {() => void} changed
 * @property {() => void} taken two fingers took over what one had begun
 */

const LINE_PX = 20
const WHEEL_PX_PER_E = 300

export class ViewGestures {
  /** Where each finger is. @type {Map<number, Point>} */ #fingers = new Map()
  /** @type {{pointerId: number, at: Point} | null} the pointer that drags the picture */ #hand = null
  /** Until every finger is up, two of them were down. */ #isPinching = false

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
    // What lies over the picture may have a list to scroll.
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
      if (!this.#isPinching) this.on.taken()
      this.#isPinching = true
    } else if (event.button === 1 || (event.button === 0 && event.altKey)) {
      this.#hand = { pointerId: event.pointerId, at: this.#at(event) }
      this.stage.setPointerCapture(event.pointerId)
    } else return
    consume(event)
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = this.#at(event)
    if (this.#hand?.pointerId === event.pointerId) {
      this.on.view.pan(at.x - this.#hand.at.x, at.y - this.#hand.at.y)
      this.#hand.at = at
    } else if (this.#isPinching && this.#fingers.has(event.pointerId)) {
      this.#pinch(event.pointerId, at)
    } else return
    consume(event)
    this.on.changed()
  }

  /** @param {number} pointerId @param {Point} at */
  #pinch(pointerId, at) {
    const before = this.#grip
    this.#fingers.set(pointerId, at)
    const after = this.#grip
    const { view } = this.on
    view.pan(after.middle.x - before.middle.x, after.middle.y - before.middle.y)
    if (before.width && after.width) view.zoomBy(after.width / before.width, after.middle)
  }

  /** The middle of the first two fingers and how far they are apart; 0 for one finger. */
  get #grip() {
    const [a = { x: 0, y: 0 }, b = a] = this.#fingers.values()
    return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, width: Math.hypot(a.x - b.x, a.y - b.y) }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.#fingers.delete(event.pointerId)
    if (this.#hand?.pointerId === event.pointerId) this.#hand = null
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
