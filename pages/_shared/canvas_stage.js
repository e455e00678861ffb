/**
 * What a drawing canvas needs of the browser: how much room there is, whether the picture behind
 * it has come, and that a finger can do what a mouse does.
 */

const SETTLED_MS = 200
const AGAIN_MS = 1000
const LEAST_WIDTH_CHANGE_PX = 8
const LEAST_HEIGHT_CHANGE_PX = 100 // a phone's address bar comes and goes

letFingersDraw()
document.addEventListener("touchend", showTools, { passive: true })

const stages = new WeakMap()

export default function mount({ data, parentElement, setStateValue }) {
  let stage = stages.get(parentElement)
  if (!stage) {
    stage = new Stage(parentElement.host ?? parentElement)
    stages.set(parentElement, stage)
  }
  stage.update(data, setStateValue)
  return () => {
    stage.destroy()
    stages.delete(parentElement)
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
 */
function showTools(event) {
  const root = event.composedPath().find((each) => each instanceof ShadowRoot)
  if (root?.querySelector("canvas") && !root.activeElement) root.querySelector("button")?.focus({ preventScroll: true })
}

class Stage {
  constructor(element) {
    this.element = element
    this.room = null
    this.pictures = []
    this.observer = new ResizeObserver(() => this.#measureSoon())
    this.observer.observe(element)
    this.onResize = () => this.#measureSoon()
    window.addEventListener("resize", this.onResize)
    this.#measureSoon()
  }

  // `pictures`: the address of the one behind the canvas, then those that may come next.
  update({ pictures }, setStateValue) {
    this.setStateValue = setStateValue
    if (pictures[0] !== this.pictures[0]) this.#load(pictures[0])
    for (const next of pictures.slice(1)) if (!this.pictures.includes(next)) new Image().src = next
    this.pictures = pictures
  }

  destroy() {
    this.observer.disconnect()
    window.removeEventListener("resize", this.onResize)
    clearTimeout(this.measuring)
    clearTimeout(this.loading)
    this.pictures = []
  }

  #load(url) {
    clearTimeout(this.loading)
    if (!url) return
    const image = new Image()
    const isWanted = () => this.pictures[0] === url
    image.onload = () => isWanted() && this.setStateValue("loaded", url)
    image.onerror = () => {
      if (isWanted()) this.loading = setTimeout(() => this.#load(url), AGAIN_MS)
    }
    image.src = url
  }

  #measureSoon() {
    clearTimeout(this.measuring)
    this.measuring = setTimeout(() => this.#measure(), this.room ? SETTLED_MS : 0)
  }

  #measure() {
    const room = {
      width: Math.floor(this.element.getBoundingClientRect().width),
      height: document.documentElement.clientHeight,
    }
    if (!room.width || !isAnother(room, this.room)) return
    this.room = room
    this.setStateValue("room", room)
  }
}

function isAnother(room, before) {
  if (!before) return true
  const wider = room.width - before.width
  const higher = room.height - before.height
  // A canvas that is too wide would be cut off, so less room always counts.
  return wider < 0 || wider >= LEAST_WIDTH_CHANGE_PX || Math.abs(higher) >= LEAST_HEIGHT_CHANGE_PX
}
