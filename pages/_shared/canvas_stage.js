/**
 * Supports the drawing canvas in the browser: measures the available room, reports when the picture
 * has loaded, and makes the canvas work with touch.
 */

import { component } from "./component.js"
import { DrawingGuard } from "./drawing_guard.js"

const RESIZE_MS = 200
const RETRY_MS = 1000
const MIN_WIDTH_CHANGE_PX = 8
const MIN_HEIGHT_CHANGE_PX = 100 // more than a phone's address bar

/** @typedef {{ width: number, height: number }} Room in CSS pixels */
/**
 * @typedef {object} Data
 * @property {string[]} pictures the URL of the canvas's background, then those to load ahead
 * @property {Room | null} room the one to which the canvas now has been fitted
 */
/** @typedef {import("./component.js").Call<Data>} Call */

enableTouchDrawing()
document.addEventListener("touchend", showToolbar, { passive: true })

export default component({ create: createStage })

/**
 * streamlit-drawable-canvas 0.13 starts a box only if the event's `button` is 0, which touch events
 * lack. So a finger counts as the main button, as in pointer events.
 */
function enableTouchDrawing() {
  if (typeof TouchEvent === "undefined" || "button" in TouchEvent.prototype) return
  Object.defineProperty(TouchEvent.prototype, "button", { configurable: true, get: () => 0 })
}

/**
 * The canvas shows its toolbar while the mouse is over it or the toolbar has the focus. A finger
 * cannot hover, so touching the canvas focuses the toolbar.
 * @param {TouchEvent} event
 */
function showToolbar(event) {
  const root = event.composedPath().find((each) => each instanceof ShadowRoot)
  if (!(root instanceof ShadowRoot) || !root.querySelector("canvas") || root.activeElement) return
  root.querySelector("button")?.focus({ preventScroll: true })
}

/** @param {Call} call */
export function createStage(call) {
  const stage = new Stage(call.parentElement.host)
  stage.update(call)
  return stage
}

class Stage {
  /** @param {Element} element */
  constructor(element) {
    this.element = element
    /** @type {Call | null} */
    this.call = null
    /** @type {string[]} */
    this.pictures = []
    /** @type {Room | null} */
    this.room = null
    this.measuring = 0
    this.loading = 0
    this.guard = new DrawingGuard()
    this.onResize = () => this.#measureSoon()
    this.observer = new ResizeObserver(this.onResize)
    this.observer.observe(element)
    window.addEventListener("resize", this.onResize)
  }

  /** @param {Call} call */
  update(call) {
    this.call = call
    const { pictures, room } = call.data
    const known = this.pictures
    this.pictures = pictures
    if (pictures[0] && pictures[0] !== known[0]) this.#load(pictures[0])
    for (const next of pictures.slice(1)) if (!known.includes(next)) new Image().src = next
    if (this.room && room && !differ(room, this.room)) this.guard.allow()
    this.#measureSoon()
    return true
  }

  destroy() {
    this.call = null
    this.pictures = []
    this.guard.destroy()
    this.observer.disconnect()
    window.removeEventListener("resize", this.onResize)
    clearTimeout(this.measuring)
    clearTimeout(this.loading)
  }

  /** @param {string} url */
  #load(url) {
    clearTimeout(this.loading)
    const isWanted = () => this.pictures[0] === url
    const image = new Image()
    image.onload = () => {
      if (isWanted()) this.call?.setStateValue("loaded", url)
    }
    image.onerror = () => {
      if (isWanted()) this.loading = window.setTimeout(() => this.#load(url), RETRY_MS)
    }
    image.src = url
  }

  #measureSoon() {
    clearTimeout(this.measuring)
    this.measuring = window.setTimeout(() => this.#measure(), this.room ? RESIZE_MS : 0)
  }

  /** What is being drawn, or not reported yet, would be lost with the canvas of the old size. */
  #measure() {
    if (this.guard.isBusy()) {
      this.#measureSoon()
      return
    }
    const room = {
      width: Math.floor(this.element.getBoundingClientRect().width),
      height: document.documentElement.clientHeight,
    }
    if (!room.width || !hasChanged(room, this.room)) return
    this.room = room
    this.guard.refuse()
    this.call?.setStateValue("room", room)
  }
}

/** @param {Room} room @param {Room | null} before */
function hasChanged(room, before) {
  if (!before) return true
  const wider = room.width - before.width
  const higher = room.height - before.height
  // A canvas that is too wide would be cut off, so less width always counts.
  return wider < 0 || wider >= MIN_WIDTH_CHANGE_PX || Math.abs(higher) >= MIN_HEIGHT_CHANGE_PX
}

/** @param {Room} room @param {Room} other */
function differ(room, other) {
  return room.width !== other.width || room.height !== other.height
}
