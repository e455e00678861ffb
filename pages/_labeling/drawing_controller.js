/** The pointer on the picture: what a drag means, and what it does to the drawing canvas. */

import { DrawingCanvas } from "./drawing_canvas.js"
import { stopEvent } from "./events.js"
import { hitTest } from "./hit_test.js"
import { adjusted, barePoint, between, distance } from "./rects.js"

/** @typedef {import("./frame_boxes.js").CanvasBox} CanvasBox */
/** @typedef {import("./rects.js").Point} Point */
/** @typedef {import("./rects.js").Rect} Rect */
/** @typedef {DrawingCanvas | import("./picture_hand.js").PictureHand} Hand */
/**
 * @typedef {object} Layer what takes the pointer
 * @property {Hand} hand
 * @property {CanvasBox[]} rects
 * @property {CanvasBox | null} active
 */
/**
 * @typedef {object} Owner
 * @property {() => void} changed
 * @property {(rect: CanvasBox | null, target: Rect) => void} putBox a box drawn or moved while
 *   the canvas is on its way
 * @property {() => boolean} ready the canvas takes the pointer
 * @property {(event: MouseEvent) => Layer | null} fallbackLayer what takes it until then
 * @property {(track: number | null) => boolean} picked true where that was all the press meant
 * @property {() => void} dragging
 * @property {(sentence: string) => void} refused
 * @property {() => number} zoom screen pixels per canvas pixel
 * @property {() => [number, number]} smallest width and height of the smallest box, in canvas pixels
 */
/**
 * @typedef {object} Drag
 * @property {Hand} hand
 * @property {CanvasBox[]} rects
 * @property {CanvasBox | null} rect the box that is moved or resized; null for a new one
 * @property {string} handle
 * @property {Point} from
 * @property {Rect | null} target
 * @property {boolean} begun
 */

const CLICK_PX = 3
const COVERED = "Other boxes lie all over this one: hide them in the list first, or move them."

export class DrawingController {
  /** @param {() => Element | null} host finds the element around the canvas @param {Owner} on */
  constructor(host, on) {
    this.on = on
    /** @type {CanvasBox[]} */
    this.rects = []
    /** @type {CanvasBox | null} */
    this.active = null
    this.forceDraw = false
    /** @type {Drag | null} */
    this.drag = null
    this.unsent = false
    this.abort = new AbortController()
    this.canvas = new DrawingCanvas(host, (element) => this.#listen(element))
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("mousemove", (event) => this.#onMove(event), options)
    window.addEventListener("mouseup", (event) => this.#onUp(event), options)
  }

  /**
   * The picture lies under the canvas, and has the pointer while the canvas is on its way.
   * @param {HTMLElement} picture
   */
  listenOn(picture) {
    picture.addEventListener("mousedown", (event) => this.#onDown(event), { capture: true, signal: this.abort.signal })
  }

  /** @param {HTMLElement} element */
  #listen(element) {
    const options = { capture: true, signal: this.abort.signal }
    this.active = null
    element.addEventListener("mousedown", (event) => this.#onDown(event), options)
    element.addEventListener("mousemove", (event) => this.#onHover(event), options)
    for (const type of ["mouseout", "mouseenter", "dblclick"]) {
      element.addEventListener(type, (event) => event.isTrusted && stopEvent(event), options)
    }
    element.addEventListener("touchstart", stopEvent, options)
  }

  destroy() {
    this.abort.abort()
  }

  get settled() {
    return this.canvas.settled && !this.unsent
  }

  /**
   * A visit begins: nothing is unsent any more. `rects` lie as the canvas has them, lowest first.
   * @param {CanvasBox[]} rects
   */
  reset(rects) {
    this.rects = rects
    this.active = null
    this.unsent = false
  }

  /**
   * News of the same visit: the same boxes, better known. A drag keeps what it holds.
   * @param {CanvasBox[]} rects
   */
  update(rects) {
    if (this.drag || this.unsent) return
    const fresh = new Map(rects.map((rect) => [rect.track, rect]))
    const before = this.rects.map(({ track }) => fresh.get(track))
    for (const rect of before) if (rect) fresh.delete(rect.track)
    this.rects.forEach((old, at) => {
      if (old.track) return // Only a box without a track waits for its name.
      const named = [...fresh.values()].find((rect) => near(rect, old))
      before[at] = named
      if (named) fresh.delete(named.track)
    })
    const { active } = this
    this.active = (active && before[this.rects.indexOf(active)]) ?? null
    this.rects = [...before.filter((rect) => rect !== undefined), ...fresh.values()]
  }

  /** Send the drawing to the server now, if anything was drawn since the last time. */
  flush() {
    if (!this.unsent || !this.canvas.flush()) return false
    this.unsent = false
    return true
  }

  /** @param {number | null} track */
  select(track) {
    if (!this.drag) this.active = this.rects.find((rect) => rect.track === track) ?? null
  }

  deselect() {
    if (!this.drag) this.active = null
  }

  /** The boxes as they look now, with what the pointer is doing to them. @returns {CanvasBox[]} */
  get seen() {
    const { drag } = this
    const rects = drag?.rects ?? this.rects
    if (!drag?.target) return rects
    if (!drag.rect) return [...rects, { ...drag.target, track: null, human: true }]
    return rects.map((rect) => (rect === drag.rect ? { ...rect, ...drag.target, human: true } : rect))
  }

  /** @param {MouseEvent} event @param {Layer} layer */
  #hit(event, { hand, rects, active }) {
    if (this.forceDraw || event.shiftKey) return null
    return hitTest(hand.at(event), rects, active, this.on.zoom())
  }

  /** @param {MouseEvent} event */
  #onHover(event) {
    if (this.drag || !event.isTrusted) return
    stopEvent(event)
    this.#aim(this.#hit(event, this.#ownLayer))
  }

  /** @param {{ handle: string } | null} hit */
  #aim(hit) {
    const cursor = !hit ? "crosshair" : hit.handle ? `${hit.handle}-resize` : "move"
    this.canvas.upper?.style.setProperty("--annotator-cursor", cursor)
  }

  /** @returns {Layer} */
  get #ownLayer() {
    return { hand: this.canvas, rects: this.rects, active: this.active }
  }

  /** @param {MouseEvent} event */
  #onDown(event) {
    if (!event.isTrusted) return
    stopEvent(event)
    if (this.drag || event.button !== 0) return
    const layer = this.on.ready() ? this.#ownLayer : this.on.fallbackLayer(event)
    if (!layer) return
    event.preventDefault()
    const focused = document.activeElement
    if (focused instanceof HTMLElement) focused.blur()
    const { hand, rects, active } = layer
    const hit = this.#hit(event, layer)
    if (hit && !hit.rect.track && hand !== this.canvas) return // Its name is still to come.
    const isNews = hit?.rect !== active || !hit
    if (isNews && this.on.picked(hit ? hit.rect.track : null)) return
    // A drag begins with the first movement: a click neither draws nor moves.
    this.drag = { hand, rects, rect: hit?.rect ?? null, handle: hit?.handle ?? "", from: hand.at(event), target: null, begun: false }
    this.#aim(hit)
    if (hand === this.canvas) this.active = hit?.rect ?? null
    this.on.dragging()
  }

  /** @param {MouseEvent} event */
  #onMove(event) {
    const { drag } = this
    if (!drag || !event.isTrusted) return
    stopEvent(event)
    this.#follow(drag, drag.hand.at(event), event.shiftKey)
  }

  /** @param {Drag} drag @param {Point} point @param {boolean} shiftKey */
  #follow(drag, point, shiftKey) {
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

  /** @param {Drag} drag */
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

  /** @param {MouseEvent} event */
  #onUp(event) {
    const { drag } = this
    if (!drag || !event.isTrusted || event.button !== 0) return
    stopEvent(event)
    const point = drag.hand.at(event)
    if (drag.begun) this.#follow(drag, point, event.shiftKey)
    this.drag = null
    const { rect, target } = drag
    if (rect && target) this.#endAdjusting(drag, rect, target)
    else if (target) this.#endDrawing(drag, target, point)
    this.on.dragging()
  }

  /** @param {Drag} drag @param {CanvasBox} rect @param {Rect} target */
  #endAdjusting({ hand, handle }, rect, target) {
    if (hand !== this.canvas) return this.on.putBox(rect, target)
    this.canvas.release(target, handle, rect)
    Object.assign(rect, target, { human: true, uncertain: false })
    this.#changed()
  }

  /** @param {Drag} drag @param {Rect} target @param {Point} point */
  #endDrawing({ hand }, target, point) {
    const [width, height] = this.on.smallest()
    hand.endDrawing(point)
    if (target.x2 - target.x1 < width || target.y2 - target.y1 < height) {
      setTimeout(() => hand.undo())
      this.on.refused("Too small for a box: draw at least 5 pixels each way.")
      return
    }
    this.forceDraw = false
    if (hand !== this.canvas) return this.on.putBox(null, target)
    this.canvas.shrink(target)
    this.rects.push({ ...target, track: null, human: true })
    this.#changed()
  }

  /** The canvas notes the change in a microtask after mouse-up; send it right behind that. */
  #changed() {
    this.unsent = true
    setTimeout(() => this.on.changed())
  }
}

/** @param {Rect} a @param {Rect} b */
function near(a, b) {
  return distance({ x: a.x1, y: a.y1 }, { x: b.x1, y: b.y1 }) < 4
}
