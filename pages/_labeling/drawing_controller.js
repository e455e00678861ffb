// The pointer on the picture: what a drag means, and what it does to the drawing canvas.

const CLICK_PX = 3
const REACH_PX = 7 // how far from a handle it can be taken; on the screen, at any zoom
const SIDE_PX = 4
const SMALLEST_HANDLED_PX = 34 // handles inside smaller boxes would cover them whole
const COVERED = "Other boxes lie all over this one: hide them in the list first, or move them."

class Surface {
  // `on` has changed(), ahead(rect, target): a box drawn or moved while the canvas is on its way,
  // picked(track) -> true where that was all the press meant, dragging(), refused(sentence),
  // ready(): the canvas takes the pointer, standIn(event) -> {hand, rects, active} or null,
  // zoom() -> screen pixels per canvas pixel, smallest() -> [w, h] of the smallest box in canvas
  // pixels.
  constructor(host, on) {
    this.on = on
    this.rects = []
    this.active = null
    this.forceDraw = false
    this.drag = null
    this.unsent = false
    this.abort = new AbortController()
    this.canvas = new DrawingCanvas(host, (element) => this.#listen(element))
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("mousemove", (event) => this.#onMove(event), options)
    window.addEventListener("mouseup", (event) => this.#onUp(event), options)
  }

  // The picture lies under the canvas, and has the pointer while the canvas is on its way.
  listenOn(picture) {
    picture.addEventListener("mousedown", (event) => this.#onDown(event), { capture: true, signal: this.abort.signal })
  }

  #listen(element) {
    const options = { capture: true, signal: this.abort.signal }
    this.active = null
    element.addEventListener("mousedown", (event) => this.#onDown(event), options)
    element.addEventListener("mousemove", (event) => this.#onHover(event), options)
    for (const type of ["mouseout", "mouseenter", "dblclick"]) {
      element.addEventListener(type, (event) => event.isTrusted && stop(event), options)
    }
    element.addEventListener("touchstart", stop, options)
  }

  destroy() {
    this.abort.abort()
  }

  get settled() {
    return this.canvas.settled && !this.unsent
  }

  // A visit begins: nothing is unsent any more. `rects` lie as the canvas has them, lowest first.
  reset(rects) {
    this.rects = rects
    this.active = null
    this.unsent = false
  }

  // News of the same visit: the same boxes, better known. A drag keeps what it holds.
  update(rects) {
    if (this.drag || this.unsent) return
    const fresh = new Map(rects.map((rect) => [rect.track, rect]))
    const before = this.rects.map(({ track }) => fresh.get(track))
    before.forEach((rect) => fresh.delete(rect?.track))
    this.rects.forEach((old, at) => {
      if (old.track) return // Only a box without a track waits for its name.
      before[at] = [...fresh.values()].find((rect) => near(rect, old))
      fresh.delete(before[at]?.track)
    })
    this.active = before[this.rects.indexOf(this.active)] ?? null
    this.rects = [...before.filter(Boolean), ...fresh.values()]
  }

  // Send the drawing to the server now, if anything was drawn since the last time.
  flush() {
    if (!this.unsent || !this.canvas.flush()) return false
    this.unsent = false
    return true
  }

  select(track) {
    if (!this.drag) this.active = this.rects.find((rect) => rect.track === track) ?? null
  }

  deselect() {
    if (!this.drag) this.active = null
  }

  // The boxes as they look now, with what the pointer is doing to them.
  get seen() {
    const { drag } = this
    const rects = drag?.rects ?? this.rects
    if (!drag?.target) return rects
    if (!drag.rect) return [...rects, { ...drag.target, track: null, human: true }]
    return rects.map((rect) => (rect === drag.rect ? { ...rect, ...drag.target, human: true } : rect))
  }

  // What is under the pointer: {rect, handle}. The selected box wins; an empty handle moves.
  #hit(point, { rects, active }) {
    const zoom = this.on.zoom()
    if (active) {
      const small = screenSide(active, zoom) < SMALLEST_HANDLED_PX
      const inside = contains(active, point)
      const handle =
        small && inside ? "" : handleNear(active, point, REACH_PX / zoom) || sideNear(active, point, SIDE_PX / zoom)
      if (inside || contains(active, point, REACH_PX / zoom)) return { rect: active, handle }
    }
    const rect = rects.findLast((r) => contains(r, point, 2 / zoom))
    if (!rect) return null
    const large = screenSide(rect, zoom) >= SMALLEST_HANDLED_PX
    return { rect, handle: large ? handleNear(rect, point, REACH_PX / zoom) : "" }
  }

  #onHover(event) {
    if (this.drag || !event.isTrusted) return
    stop(event)
    const hit = this.forceDraw || event.shiftKey ? null : this.#hit(this.canvas.at(event), this)
    this.#aim(hit)
  }

  #aim(hit) {
    const cursor = !hit ? "crosshair" : hit.handle ? `${hit.handle}-resize` : "move"
    this.canvas.upper?.style.setProperty("--annotator-cursor", cursor)
  }

  #onDown(event) {
    if (!event.isTrusted) return
    stop(event)
    if (this.drag || event.button !== 0) return
    const stage = this.on.ready() ? { hand: this.canvas, rects: this.rects, active: this.active } : this.on.standIn(event)
    if (!stage) return
    event.preventDefault()
    document.activeElement?.blur?.()
    const { hand, rects, active } = stage
    const point = hand.at(event)
    const hit = this.forceDraw || event.shiftKey ? null : this.#hit(point, stage)
    if (hit && !hit.rect.track && hand !== this.canvas) return // Its name is still to come.
    const isNews = hit?.rect !== active || !hit
    if (isNews && this.on.picked(hit ? hit.rect.track : null)) return
    // A drag begins with the first movement: a click neither draws nor moves.
    this.drag = { hand, rects, rect: hit?.rect ?? null, handle: hit?.handle ?? "", from: point, target: null }
    this.#aim(hit)
    if (hand === this.canvas) this.active = hit?.rect ?? null
    this.on.dragging()
  }

  #onMove(event) {
    if (!this.drag || !event.isTrusted) return
    stop(event)
    this.#follow(this.drag.hand.at(event), event.shiftKey)
  }

  #follow(point, shiftKey) {
    const { drag } = this
    if (!drag.begun && distance(drag.from, point) * this.on.zoom() < CLICK_PX) return
    if (!drag.begun && !this.#begin(drag)) return
    if (drag.rect) {
      const by = { x: point.x - drag.from.x, y: point.y - drag.from.y }
      drag.target = adjusted(drag.rect, drag.handle, by, shiftKey, this.on.smallest())
      drag.hand.pull(drag.target, drag.handle, drag.rect)
    } else {
      drag.target = between(drag.from, point)
      drag.hand.drawTo(point)
    }
    this.on.dragging()
  }

  #begin(drag) {
    const { hand, rects, rect, handle, from } = drag
    drag.begun = true
    if (!rect) {
      hand.beginDrawing(from)
      return true
    }
    const hold = barePoint(rects, rects.indexOf(rect))
    if (!hold) {
      this.drag = null
      this.on.refused(COVERED)
      return false
    }
    if (handle) hand.takeHandle(rect, hold, handle)
    else hand.take(hold)
    return true
  }

  #onUp(event) {
    const { drag } = this
    if (!drag || !event.isTrusted || event.button !== 0) return
    stop(event)
    const point = drag.hand.at(event)
    if (drag.begun) this.#follow(point, event.shiftKey)
    this.drag = null
    if (drag.begun && drag.rect) this.#endAdjusting(drag)
    else if (drag.begun) this.#endDrawing(drag, point)
    this.on.dragging()
  }

  #endAdjusting({ hand, rect, handle, target }) {
    if (hand !== this.canvas) return this.on.ahead(rect, target)
    hand.release(target, handle, rect)
    Object.assign(rect, target, { human: true, uncertain: false })
    this.#changed()
  }

  #endDrawing({ hand, target }, point) {
    const [width, height] = this.on.smallest()
    hand.endDrawing(point)
    if (target.x2 - target.x1 < width || target.y2 - target.y1 < height) {
      setTimeout(() => hand.undo())
      this.on.refused("Too small for a box: draw at least 5 pixels each way.")
      return
    }
    this.forceDraw = false
    if (hand !== this.canvas) return this.on.ahead(null, target)
    hand.shrink(target)
    this.rects.push({ ...target, track: null, human: true })
    this.#changed()
  }

  // The canvas notes the change in a microtask after mouse-up; send it right behind that.
  #changed() {
    this.unsent = true
    setTimeout(() => this.on.changed())
  }
}

function stop(event) {
  event.stopImmediatePropagation()
}

function screenSide({ x1, y1, x2, y2 }, zoom) {
  return Math.min(x2 - x1, y2 - y1) * zoom
}

function near(a, b) {
  return distance({ x: a.x1, y: a.y1 }, { x: b.x1, y: b.y1 }) < 4
}
