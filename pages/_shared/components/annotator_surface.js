// Drives streamlit-drawable-canvas 0.13 from outside, through its open shadow root.
//
// The canvas can draw or edit, never both; a corner drag keeps the proportions; a second
// click on a box opens a text field; leaving the canvas ends a drag; a click makes a box of
// 4x4 pixels. So we stand before its mouse events: we choose the tool by what lies under the
// pointer, and hand the events on with the pointer kept inside.

const CLICK_PX = 3
const HALF_STROKE_PX = 1 // a new box starts with the outer edge of its stroke; people aim with the middle
const REACH_PX = 7 // how far outside a box its handles can be taken
const SMALLEST_HANDLED_PX = 34 // handles of smaller boxes would cover them whole
const FAR_AWAY = -9999
const UPDATE = 'button[aria-label^="Update"]'
const EDIT = 'button[aria-label="Edit"]'
const UNDO = 'button[aria-label="Undo"]'
const CANVAS_STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-background-canvas { visibility: hidden; }
  .dc-canvas { outline: none !important; }
  .dc-scroll { overflow: hidden !important; }
  [data-aim="draw"] .upper-canvas { cursor: crosshair !important; }
  [data-aim="take"] .upper-canvas { cursor: move !important; }
`

class Surface {
  // `host` finds the element around the canvas; `on` has changed(), picked(track), dragging(bool),
  // refused(sentence), smallest() -> [w, h] of the smallest box in canvas pixels.
  constructor(host, on) {
    this.host = host
    this.on = on
    this.rects = []
    this.active = null
    this.forceDraw = false
    this.ready = false
    this.drag = null
    this.unsent = false
    this.abort = new AbortController()
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("mousemove", (event) => this.#onMove(event), options)
    window.addEventListener("mouseup", (event) => this.#onUp(event), options)
  }

  destroy() {
    this.abort.abort()
  }

  // Find the canvas (Streamlit may have made a new one) and take it over.
  attach() {
    const holder = this.host()
    const found = holder && [...holder.querySelectorAll("*")].find((e) => e.shadowRoot)
    const root = found?.shadowRoot
    const upper = root?.querySelector(".upper-canvas")
    if (!upper) return false
    if (this.upper === upper) return true
    this.root = root
    this.upper = upper
    this.active = null
    const style = document.createElement("style")
    style.textContent = CANVAS_STYLE
    root.append(style)
    const options = { capture: true, signal: this.abort.signal }
    upper.parentElement.addEventListener("mousedown", (event) => this.#onDown(event), options)
    upper.parentElement.addEventListener("mousemove", (event) => this.#onHover(event), options)
    upper.parentElement.addEventListener("mouseout", (e) => this.drag && stop(e), options)
    upper.parentElement.addEventListener("touchstart", stop, options)
    return true
  }

  // True once the canvas has loaded the drawing of the current visit: loading empties its history.
  get settled() {
    return this.attach() && this.#button(UNDO).disabled && !this.unsent
  }

  // A visit begins: nothing is selected and nothing is unsent any more.
  reset(rects) {
    this.rects = rects
    this.active = null
    this.unsent = false
  }

  // News of the same visit: the same boxes, better known. A drag keeps what it holds.
  update(rects) {
    if (this.drag || this.unsent) return
    const { active } = this
    this.rects = rects
    this.active = active && (rects.find((r) => sameBox(r, active)) ?? null)
  }

  // Send the drawing to the server now, if anything was drawn since the last time.
  flush() {
    if (!this.unsent || !this.attach()) return false
    this.unsent = false
    this.#button(UPDATE).click()
    return true
  }

  select(track) {
    const rect = this.rects.find((r) => r.track === track)
    if (!rect || !this.ready || this.drag) return
    this.#click(middle(rect))
    this.active = rect
  }

  deselect() {
    if (!this.attach() || !this.#editing) return
    this.#send("mousedown", FAR_AWAY, FAR_AWAY)
    this.#send("mouseup", FAR_AWAY, FAR_AWAY)
    this.active = null
  }

  #button(selector) {
    return this.root.querySelector(selector)
  }

  get #editing() {
    return this.#button(EDIT).getAttribute("aria-pressed") === "true"
  }

  #use(tool) {
    if ((tool === "edit") === this.#editing) return
    if (tool === "draw") this.deselect()
    this.#button(EDIT).click()
  }

  // The cursor before the button is down; over the selected box the canvas knows better.
  #aim(hit) {
    const aim = hit ? (hit === this.active ? "adjust" : "take") : "draw"
    this.upper.parentElement.dataset.aim = aim
  }

  #at(event) {
    const bounds = this.upper.getBoundingClientRect()
    return {
      x: Math.min(Math.max(event.clientX - bounds.left, 0), bounds.width - 1),
      y: Math.min(Math.max(event.clientY - bounds.top, 0), bounds.height - 1),
    }
  }

  // The topmost box under the pointer; the selected one wins, as it does inside the canvas.
  #hit({ x, y }) {
    const inside = (r, reach) =>
      x >= r.x1 - reach && x <= r.x2 + reach && y >= r.y1 - reach && y <= r.y2 + reach
    if (this.active && inside(this.active, REACH_PX)) return this.active
    return this.rects.findLast((rect) => inside(rect, 2)) ?? null
  }

  #onHover(event) {
    if (this.drag || !event.isTrusted) return
    const hit = this.forceDraw || event.shiftKey ? null : this.#hit(this.#at(event))
    this.#aim(hit)
  }

  #onDown(event) {
    if (!event.isTrusted) return
    if (!this.ready || this.drag || event.button !== 0) return stop(event)
    const point = this.#at(event)
    const hit = this.forceDraw || event.shiftKey ? null : this.#hit(point)
    document.activeElement?.blur?.()
    this.drag = { hit, from: point, to: point, begun: Boolean(hit) }
    if (hit) return this.#takeHold(hit, point)
    stop(event) // A box begins with the first movement: a click draws nothing.
    event.preventDefault()
    this.#use("draw")
    this.on.picked(null)
  }

  // Let the event through to the edit tool, with the handles of the box in place before it.
  #takeHold(hit, point) {
    this.#use("edit")
    const large = Math.min(hit.x2 - hit.x1, hit.y2 - hit.y1) >= SMALLEST_HANDLED_PX
    if (hit !== this.active && large && nearHandle(hit, point)) this.#click(point)
    if (hit !== this.active) this.on.picked(hit.track)
    this.active = hit
    this.#aim(hit)
    this.#sendAt("mousemove", point)
    const handle = /^([nsew]{1,2})-resize$/.exec(this.upper.style.cursor)
    this.drag.handle = handle ? handle[1] : ""
    this.on.dragging(true)
  }

  #onMove(event) {
    const drag = this.drag
    if (!drag || !event.isTrusted) return
    stop(event)
    drag.to = this.#at(event)
    if (!drag.begun) {
      if (distance(drag.from, drag.to) < CLICK_PX) return
      drag.begun = true
      this.on.dragging(true)
      this.#sendAt("mousedown", aimed(drag.from))
    }
    if (!drag.hit) return this.#sendAt("mousemove", aimed(drag.to))
    this.#pull(drag, event.shiftKey)
  }

  // The canvas scales corners freely only while Shift is down; we turn that around. It also
  // takes the outer edge of the stroke for the edge of the box: half a stroke more is right.
  #pull({ to, handle }, shiftKey) {
    const by = (less, more) => (handle.includes(more) ? 1 : handle.includes(less) ? -1 : 0) * HALF_STROKE_PX
    const point = { x: to.x + by("w", "e"), y: to.y + by("n", "s") }
    this.#sendAt("mousemove", point, handle.length === 2 && !shiftKey)
  }

  #onUp(event) {
    const drag = this.drag
    if (!drag || !event.isTrusted || event.button !== 0) return
    stop(event)
    this.drag = null
    drag.to = this.#at(event)
    const moved = distance(drag.from, drag.to) >= CLICK_PX
    if (drag.hit) this.#endAdjusting(drag, moved, event.shiftKey)
    else if (drag.begun) this.#endDrawing(drag)
    this.on.dragging(false)
  }

  #endAdjusting(drag, moved, shiftKey) {
    if (!moved) {
      // The same click on a selected box would open its text: end it somewhere else.
      this.#send("mouseup", FAR_AWAY, FAR_AWAY)
      return
    }
    this.#pull(drag, shiftKey) // Its size follows the pointer in steps; once more and it is there.
    this.#pull(drag, shiftKey)
    this.#sendAt("mouseup", drag.to)
    moveRect(drag.hit, drag)
    this.#changed()
  }

  #endDrawing(drag) {
    this.#sendAt("mouseup", aimed(drag.to))
    const [width, height] = this.on.smallest()
    const rect = between(drag.from, drag.to)
    if (rect.x2 - rect.x1 < width || rect.y2 - rect.y1 < height) {
      setTimeout(() => this.#button(UNDO).click())
      this.on.refused("Too small for a box: draw at least 5 pixels each way.")
      return
    }
    this.rects.push({ ...rect, track: null })
    this.forceDraw = false
    this.#changed()
  }

  // The canvas notes the change in a microtask after mouse-up; send it right behind that.
  #changed() {
    this.unsent = true
    setTimeout(() => this.on.changed())
  }

  #click(point) {
    this.#use("edit")
    this.#sendAt("mousedown", point)
    this.#send("mouseup", FAR_AWAY, FAR_AWAY)
  }

  #sendAt(type, { x, y }, shiftKey = false) {
    const bounds = this.upper.getBoundingClientRect()
    this.#send(type, bounds.left + x, bounds.top + y, shiftKey)
  }

  #send(type, clientX, clientY, shiftKey = false) {
    const buttons = type === "mouseup" ? 0 : 1
    const where = { bubbles: true, composed: true, cancelable: true, view: window }
    this.upper.dispatchEvent(
      new MouseEvent(type, { ...where, clientX, clientY, shiftKey, buttons, button: 0 }),
    )
  }
}

function stop(event) {
  event.stopImmediatePropagation()
}

function distance(a, b) {
  return Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y))
}

function sameBox(a, b) {
  return a.track === b.track || (!b.track && distance({ x: a.x1, y: a.y1 }, { x: b.x1, y: b.y1 }) < 4)
}

function aimed({ x, y }) {
  return { x: Math.max(0, x - HALF_STROKE_PX), y: Math.max(0, y - HALF_STROKE_PX) }
}

function middle(rect) {
  return { x: (rect.x1 + rect.x2) / 2, y: (rect.y1 + rect.y2) / 2 }
}

function between(a, b) {
  return {
    x1: Math.min(a.x, b.x),
    y1: Math.min(a.y, b.y),
    x2: Math.max(a.x, b.x),
    y2: Math.max(a.y, b.y),
  }
}

function nearHandle(rect, point) {
  const { x, y } = middle(rect)
  const near = (a, b) => Math.abs(a - b) <= REACH_PX
  const xs = [rect.x1, x, rect.x2]
  const ys = [rect.y1, y, rect.y2]
  return xs.some((a, i) => ys.some((b, j) => (i !== 1 || j !== 1) && near(a, point.x) && near(b, point.y)))
}

// Keep our copy of a box in step with what the canvas did to it, until the server tells.
function moveRect(rect, { handle, from, to }) {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const moves = (side) => !handle || handle.includes(side)
  if (moves("w")) rect.x1 += dx
  if (moves("e")) rect.x2 += dx
  if (moves("n")) rect.y1 += dy
  if (moves("s")) rect.y2 += dy
  Object.assign(rect, between({ x: rect.x1, y: rect.y1 }, { x: rect.x2, y: rect.y2 }))
}
