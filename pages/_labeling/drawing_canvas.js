// Drives streamlit-drawable-canvas 0.13 from outside, through its open shadow root.
//
// The canvas can draw or edit, never both; it takes the topmost box at a point, or a handle of
// 9 pixels of its own; a corner drag keeps the proportions; a second click on a box opens a text
// field; leaving the canvas ends a drag. So it gets no event of the mouse itself: what a drag
// means is decided in `Surface`, and the canvas is told with events made for it.

const HALF_STROKE_PX = 1 // the canvas counts from the outer edge of a stroke; people aim with the middle
const HANDLE_AIM_PX = 3 // so far outside its corner a handle is never covered by another one
const SMALLEST_DRAWN_PX = 4 // the canvas draws nothing smaller; resizing has no such limit
const FAR_AWAY = -9999
const UPDATE = 'button[aria-label^="Update"]'
const EDIT = 'button[aria-label="Edit"]'
const UNDO = 'button[aria-label="Undo"]'
// Its own picture stays unseen: it cannot change within a visit, and its strokes and handles
// would grow with the zoom. `paintBoxes` shows the same boxes.
const CANVAS_STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-background-canvas { visibility: hidden; }
  .canvas-container { opacity: 0; }
  .dc-scroll { overflow: hidden !important; }
  .upper-canvas { cursor: var(--annotator-cursor, crosshair) !important; }
`

class DrawingCanvas {
  // `host` finds the element around the canvas; `listen` is called with each new canvas element.
  constructor(host, listen) {
    this.host = host
    this.listen = listen
  }

  // Find the canvas (Streamlit may have made a new one) and take it over.
  attach() {
    const found = this.host()?.querySelectorAll("*") ?? []
    const root = [...found].find((element) => element.shadowRoot)?.shadowRoot
    const upper = root?.querySelector(".upper-canvas")
    if (!upper) return false
    if (this.upper === upper) return true
    this.root = root
    this.upper = upper
    const style = document.createElement("style")
    style.textContent = CANVAS_STYLE
    root.append(style)
    this.listen(upper.parentElement)
    return true
  }

  // True once the canvas has loaded the drawing of a visit: loading empties its history.
  get settled() {
    return this.attach() && this.#button(UNDO).disabled
  }

  // Ask the canvas to tell the server what is on it.
  flush() {
    if (!this.attach()) return false
    this.#button(UPDATE).click()
    return true
  }

  undo() {
    this.#button(UNDO).click()
  }

  // Where the pointer is, in canvas pixels, kept inside the canvas.
  at({ clientX, clientY }) {
    const { left, top, zoom } = this.#place
    const { width, height } = this.upper
    const inside = (value, end) => Math.min(Math.max(value / zoom, 0), end - 1)
    return { x: inside(clientX - left, width), y: inside(clientY - top, height) }
  }

  // ---- a new box -------------------------------------------------------------------------

  beginDrawing(from) {
    this.#use("draw")
    this.#send("mousedown", aimed(from))
  }

  drawTo(point) {
    this.#send("mousemove", aimed(point))
  }

  endDrawing(point) {
    this.#send("mouseup", aimed(point))
  }

  // Where the canvas made a new box larger than it was drawn, pull it to its size.
  shrink(rect) {
    if (Math.min(rect.x2 - rect.x1, rect.y2 - rect.y1) >= SMALLEST_DRAWN_PX) return
    const drawn = { ...rect, x2: Math.max(rect.x2, rect.x1 + SMALLEST_DRAWN_PX), y2: Math.max(rect.y2, rect.y1 + SMALLEST_DRAWN_PX) }
    this.takeHandle(drawn, middle(drawn), "se")
    this.release(rect, "se")
  }

  // ---- a box that is there ----------------------------------------------------------------

  // Take hold of a box at `hold`, a point at which no other box lies over it.
  take(hold) {
    this.#use("edit")
    this.#letGo()
    this.hold = this.#onScreen(hold)
    this.#sendAt("mousedown", this.hold)
  }

  takeHandle(rect, hold, handle) {
    this.take(hold)
    this.#sendAt("mouseup", FAR)
    const { x, y } = handleOf(rect, handle, HALF_STROKE_PX + HANDLE_AIM_PX)
    this.#send("mousedown", { x, y })
  }

  // Bring the box to `rect`, which was at `start` when it was taken.
  pull(rect, handle, start) {
    if (handle) return this.#send("mousemove", handleOf(rect, handle, HALF_STROKE_PX), true)
    const { zoom } = this.#place
    const { x, y } = this.hold
    this.#sendAt("mousemove", { x: x + Math.round((rect.x1 - start.x1) * zoom), y: y + Math.round((rect.y1 - start.y1) * zoom) })
  }

  // Its size follows the pointer in steps: once more and it is there.
  release(rect, handle, start) {
    this.pull(rect, handle, start)
    this.pull(rect, handle, start)
    this.#sendAt("mouseup", FAR)
  }

  #letGo() {
    this.#sendAt("mousedown", FAR)
    this.#sendAt("mouseup", FAR)
  }

  #button(selector) {
    return this.root.querySelector(selector)
  }

  #use(tool) {
    const editing = this.#button(EDIT).getAttribute("aria-pressed") === "true"
    if ((tool === "edit") === editing) return
    if (editing) this.#letGo()
    this.#button(EDIT).click()
  }

  // The canvas on the screen, and how much it is magnified there.
  get #place() {
    const { left, top, width } = this.upper.getBoundingClientRect()
    return { left, top, zoom: width / this.upper.width }
  }

  // In whole pixels: a mouse event has no others, it would cut them off.
  #onScreen({ x, y }) {
    const { left, top, zoom } = this.#place
    return { x: Math.round(left + x * zoom), y: Math.round(top + y * zoom) }
  }

  #send(type, point, shiftKey = false) {
    this.#sendAt(type, this.#onScreen(point), shiftKey)
  }

  #sendAt(type, { x: clientX, y: clientY }, shiftKey = false) {
    const buttons = type === "mouseup" ? 0 : 1
    const where = { bubbles: true, composed: true, cancelable: true, view: window }
    this.upper.dispatchEvent(new MouseEvent(type, { ...where, clientX, clientY, shiftKey, buttons, button: 0 }))
  }
}

const FAR = { x: FAR_AWAY, y: FAR_AWAY }

function aimed({ x, y }) {
  return { x: Math.max(0, x - HALF_STROKE_PX), y: Math.max(0, y - HALF_STROKE_PX) }
}
