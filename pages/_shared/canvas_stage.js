/**
 * What a drawing canvas needs of the browser: how much room there is, whether the picture behind
 * it has come, and that a finger can do what a mouse does.
 */

const SETTLED_MS = 200
const AGAIN_MS = 1000
const LEAST_WIDTH_CHANGE_PX = 8
const LEAST_HEIGHT_CHANGE_PX = 100 // a phone's address bar comes and goes

/** @typedef {{ width: number, height: number }} Room in CSS pixels */
/**
 * @typedef {object} Data
 * @property {string[]} pictures the address of the one behind the canvas, then those that may come next
 */
/** @typedef {import("./component.js").Call<Data>} Call */

letFingersDraw()
document.addEventListener("touchend", showTools, { passive: true })

/** @type {WeakMap<ShadowRoot, Stage>} */
const stages = new WeakMap()

/**
 * Streamlit calls this at every change of the data, and what it returns at the end.
 * @param {Call} call
 */
export default function mount(call) {
  const root = call.parentElement
  const stage = stages.get(root) ?? new Stage(root.host)
  stages.set(root, stage)
  stage.update(call)
  return () => {
    // A call that was overtaken ends too, and leaves the stage to its successor.
    if (stage.call !== call) return
    stage.destroy()
    stages.delete(root)
  }
}

/**
 * streamlit-drawable-canvas 0.13 begins a box only where the event's `button` is 0, and a touch
 * has no buttons. A finger counts as the main button, as it does in pointer events.
 */
function letFingersDraw() {
  if (typeof TouchEvent === "undefined" || "button" in TouchEvent.prototype) return
  Object.defineProperty(TouchEvent.prototype, "button", { configurable: true, get: () => 0 })
}

/**
 * The canvas shows its toolbar while a mouse is over it, or while the toolbar has the focus. A
 * finger hovers over nothing, so the canvas that it touches gets the focus, as by the Tab key.
 * @param {TouchEvent} event
 */
function showTools(event) {
  const root = event.composedPath().find((each) => each instanceof ShadowRoot)
  if (!(root instanceof ShadowRoot) || !root.querySelector("canvas") || root.activeElement) return
  root.querySelector("button")?.focus({ preventScroll: true })
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
    this.onResize = () => this.#measureSoon()
    this.observer = new ResizeObserver(this.onResize)
    this.observer.observe(element)
    window.addEventListener("resize", this.onResize)
  }

  /** @param {Call} call */
  update(call) {
    this.call = call
    const { pictures } = call.data
    const known = this.pictures
    this.pictures = pictures
    if (pictures[0] && pictures[0] !== known[0]) this.#load(pictures[0])
    for (const next of pictures.slice(1)) if (!known.includes(next)) new Image().src = next
    this.#measureSoon()
  }

  destroy() {
    this.call = null
    this.pictures = []
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
      if (isWanted()) this.loading = window.setTimeout(() => this.#load(url), AGAIN_MS)
    }
    image.src = url
  }

  #measureSoon() {
    clearTimeout(this.measuring)
    this.measuring = window.setTimeout(() => this.#measure(), this.room ? SETTLED_MS : 0)
  }

  #measure() {
    const room = {
      width: Math.floor(this.element.getBoundingClientRect().width),
      height: document.documentElement.clientHeight,
    }
    if (!room.width || !isAnother(room, this.room)) return
    this.room = room
    this.call?.setStateValue("room", room)
  }
}

/** @param {Room} room @param {Room | null} before */
function isAnother(room, before) {
  if (!before) return true
  const wider = room.width - before.width
  const higher = room.height - before.height
  // A canvas that is too wide would be cut off, so less room always counts.
  return wider < 0 || wider >= LEAST_WIDTH_CHANGE_PX || Math.abs(higher) >= LEAST_HEIGHT_CHANGE_PX
}
