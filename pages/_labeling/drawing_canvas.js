/**
 * Drives streamlit-drawable-canvas 0.13 from outside, through its open shadow root.
 * 
 * The canvas can draw or edit, never both; it takes the topmost box at a point, or a handle of
 * 9 pixels of its own; a corner drag keeps the proportions; a second click on a box opens a text
 * field; leaving the canvas ends a drag. So it gets no event of the mouse itself: what a drag
 * means is decided in `DrawingController`, and the canvas is told with events made for it.
 */

import { handleOf, middle } from "./rects.js"

/** @typedef {import("./rects.js").Point} Point */
/** @typedef {import("./rects.js").Rect} Rect */

const HALF_STROKE_PX = 1 // the canvas counts from the outer edge of a stroke; people aim with the middle
const HANDLE_AIM_PX = 3 // so far outside its corner a handle is never covered by another one
const SMALLEST_DRAWN_PX = 4 // the canvas draws nothing smaller; resizing has no such limit
const FAR_AWAY = -9999
const UPDATE = 'button[aria-label^="Update"]'
const EDIT = 'button[aria-label="Edit"]'
const UNDO = 'button[aria-label="Undo"]'
/**
 * Its own picture stays unseen: it cannot change within a visit, and its strokes and handles
 * would grow with the zoom. `paintBoxes` shows the same boxes.
 */
const CANVAS_STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-background-canvas { visibility: hidden; }
  .canvas-container { opacity: 0; }
  .dc-scroll { overflow: hidden !important; }
  .upper-canvas { cursor: var(--annotator-cursor, crosshair) !important; }
`

export class DrawingCanvas {
  /**
   * `host` finds the element around the canvas; `listen` is called with each new canvas element.
   * @param {() => Element | null} host
   * @param {(element: HTMLElement) => void} listen
   */
  constructor(host, listen) {
    this.host = host
    this.listen = listen
    /** @type {ShadowRoot | null} */
    this.root = null
    /** @type {HTMLCanvasElement | null} */
    this.upper = null
    /** @type {Point | null} */
    this.hold = null // where on the screen a box was taken
  }

  /** Find the canvas (Streamlit may have made a new one) and take it over. */
  attach() {
    const found = this.host()?.querySelectorAll("*") ?? []
    const root = [...found].find((element) => element.shadowRoot)?.shadowRoot
    const upper = /** @type {HTMLCanvasElement | null} */ (root?.querySelector(".upper-canvas") ?? null)
    if (!root || !upper) return false
    if (this.upper === upper) return true
    this.root = root
    this.upper = upper
    const style = document.createElement("style")
    style.textContent = CANVAS_STYLE
    root.append(style)
    this.listen(/** @type {HTMLElement} */ (upper.parentElement))
    return true
  }

  /** The canvas, which has been found by the time that it is used. */
  get #attached() {
    const { root, upper } = this
    if (!root || !upper) throw new Error("The drawing canvas is not on the page.")
    return { root, upper }
  }

  /** True once the canvas has loaded the drawing of a visit: loading empties its history. */
  get settled() {
    return this.attach() && this.#button(UNDO).disabled
  }

  /** Ask the canvas to tell the server what is on it. */
  flush() {
    if (!this.attach()) return false
    this.#button(UPDATE).click()
    return true
  }

  undo() {
    this.#button(UNDO).click()
  }

  /**
   * Where the pointer is, in canvas pixels, kept inside the canvas.
   * @param {MouseEvent} event
   * @returns {Point}
   */
  at({ clientX, clientY }) {
    const { left, top, zoom } = this.#place
    const { width, height } = this.#attached.upper
    /** @param {number} value @param {number} end */
    const inside = (value, end) => Math.min(Math.max(value / zoom, 0), end - 1)
    return { x: inside(clientX - left, width), y: inside(clientY - top, height) }
  }

  // ---- a new box -------------------------------------------------------------------------

  /** @param {Point} from */
  beginDrawing(from) {
    this.#use("draw")
    this.#send("mousedown", aimed(from))
  }

  /** @param {Point} point */
  drawTo(point) {
    this.#send("mousemove", aimed(point))
  }

  /** @param {Point} point */
  endDrawing(point) {
    this.#send("mouseup", aimed(point))
  }

  /** Where the canvas made a new box larger than it was drawn, pull it to its size. @param {Rect} rect */
  shrink(rect) {
    if (Math.min(rect.x2 - rect.x1, rect.y2 - rect.y1) >= SMALLEST_DRAWN_PX) return
    const drawn = { ...rect, x2: Math.max(rect.x2, rect.x1 + SMALLEST_DRAWN_PX), y2: Math.max(rect.y2, rect.y1 + SMALLEST_DRAWN_PX) }
    this.takeHandle(drawn, middle(drawn), "se")
    this.release(rect, "se")
  }

  // ---- a box that is there ----------------------------------------------------------------

  /** Take hold of a box at `hold`, a point at which no other box lies over it. @param {Point} hold */
  take(hold) {
    this.#use("edit")
    this.#letGo()
    this.hold = this.#onScreen(hold)
    this.#sendAt("mousedown", this.hold)
  }

  /** @param {Rect} rect @param {Point} hold @param {string} handle */
  takeHandle(rect, hold, handle) {
    this.take(hold)
    this.#sendAt("mouseup", FAR)
    const { x, y } = handleOf(rect, handle, HALF_STROKE_PX + HANDLE_AIM_PX)
    this.#send("mousedown", { x, y })
  }

  /**
   * Bring the box to `rect`, which was at `start` when it was taken.
   * @param {Rect} rect
   * @param {string} handle
   * @param {Rect} [start]
   */
  pull(rect, handle, start) {
    if (handle) return this.#send("mousemove", handleOf(rect, handle, HALF_STROKE_PX), true)
    const { zoom } = this.#place
    const from = start ?? rect
    const { x, y } = /** @type {Point} */ (this.hold)
    this.#sendAt("mousemove", { x: x + Math.round((rect.x1 - from.x1) * zoom), y: y + Math.round((rect.y1 - from.y1) * zoom) })
  }

  /**
   * Its size follows the pointer in steps: once more and it is there.
   * @param {Rect} rect
   * @param {string} handle
   * @param {Rect} [start]
   */
  release(rect, handle, start) {
    this.pull(rect, handle, start)
    this.pull(rect, handle, start)
    this.#sendAt("mouseup", FAR)
  }

  #letGo() {
    this.#sendAt("mousedown", FAR)
    this.#sendAt("mouseup", FAR)
  }

  /** @param {string} selector @returns {HTMLButtonElement} */
  #button(selector) {
    return /** @type {HTMLButtonElement} */ (this.#attached.root.querySelector(selector))
  }

  /** @param {"draw" | "edit"} tool */
  #use(tool) {
    const editing = this.#button(EDIT).getAttribute("aria-pressed") === "true"
    if ((tool === "edit") === editing) return
    if (editing) this.#letGo()
    this.#button(EDIT).click()
  }

  /** The canvas on the screen, and how much it is magnified there. */
  get #place() {
    const { upper } = this.#attached
    const { left, top, width } = upper.getBoundingClientRect()
    return { left, top, zoom: width / upper.width }
  }

  /**
   * In whole pixels: a mouse event has no others, it would cut them off.
   * @param {Point} point
   * @returns {Point}
   */
  #onScreen({ x, y }) {
    const { left, top, zoom } = this.#place
    return { x: Math.round(left + x * zoom), y: Math.round(top + y * zoom) }
  }

  /** @param {string} type @param {Point} point @param {boolean} [shiftKey] */
  #send(type, point, shiftKey = false) {
    this.#sendAt(type, this.#onScreen(point), shiftKey)
  }

  /** @param {string} type @param {Point} at on the screen @param {boolean} [shiftKey] */
  #sendAt(type, { x: clientX, y: clientY }, shiftKey = false) {
    const buttons = type === "mouseup" ? 0 : 1
    const where = { bubbles: true, composed: true, cancelable: true, view: window }
    this.#attached.upper.dispatchEvent(new MouseEvent(type, { ...where, clientX, clientY, shiftKey, buttons, button: 0 }))
  }
}

const FAR = { x: FAR_AWAY, y: FAR_AWAY }

/** @param {Point} point @returns {Point} */
function aimed({ x, y }) {
  return { x: Math.max(0, x - HALF_STROKE_PX), y: Math.max(0, y - HALF_STROKE_PX) }
}
