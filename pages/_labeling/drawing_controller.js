/**
 * Turns presses and drags on the picture into new, moved and resized boxes, for mouse, pen and
 * finger.
 *
 * A drag keeps the boxes as they were when it began: edits of others do not move a box under the
 * pointer.
 */

import { GRAB_RADIUS_PX, hitTest } from "./hit_test.js"
import { MIN_SIDE_PX } from "./operations.js"
import { adjusted, between, contains, distance } from "./rects.js"

/** @typedef {import("./frame_boxes.js").BoxRect} BoxRect */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./view.js").Corners} Corners */
/** @typedef {import("./view.js").Point} Point */
/** @typedef {import("./view.js").View} View */
/** @typedef {Corners & {track: TrackRef}} TrackRect */
/** @typedef {{rects: TrackRect[], active: TrackRect | null}} Press the boxes that can be pressed, lowest first */
/**
 * @typedef {object} Drag
 * @property {number} pointerId
 * @property {TrackRect | null} rect null draws a new box
 * @property {string} handle "" moves the box
 * @property {Point} from
 * @property {Corners | null} target null until the first movement: a click neither draws nor moves
 */
/**
 * @typedef {object} DrawingListener
 * @property {(event: PointerEvent) => Press | null} pressed null if drawing is not possible now
 * @property {() => Press} hovered
 * @property {(track: TrackRef | null) => boolean} picked true if the press is used up by this
 * @property {(target: Corners) => void} drawn
 * @property {(rect: TrackRect, target: Corners) => void} moved
 * @property {(sentence: string) => void} refused
 * @property {() => void} changed something visible
 */

const CLICK_PX = 3
const SNAP_PX = 3
const FINGER_RADIUS_PX = 18 // around a handle
const STEPS_PER_PX = 100

export class DrawingController {
  /** The next drag draws, even inside a box. */ forceDraw = false
  /** @type {Drag | null} */ drag = null

  /** @param {HTMLElement} picture @param {View} view @param {DrawingListener} on @param {AbortSignal} signal */
  constructor(picture, view, on, signal) {
    this.picture = picture
    this.view = view
    this.on = on
    picture.addEventListener("pointerdown", (event) => this.#down(event), { signal })
    picture.addEventListener("pointermove", (event) => this.#move(event), { signal })
    picture.addEventListener("pointerup", (event) => this.#up(event), { signal })
    picture.addEventListener("pointercancel", () => this.cancel(), { signal })
  }

  /** Abort the drag. */
  cancel() {
    if (!this.drag) return
    this.drag = null
    this.on.changed()
  }

  /** Replace temporary track names by row ids. @param {ReadonlyMap<TrackRef, number>} savedIds */
  rename(savedIds) {
    const rect = this.drag?.rect
    if (rect) rect.track = savedIds.get(rect.track) ?? rect.track
  }

  /**
   * `rects` as changed by the current drag.
   * @param {BoxRect[]} rects @param {(corners: Corners) => BoxRect} newRect
   * @returns {BoxRect[]}
   */
  withDrag(rects, newRect) {
    const { drag } = this
    if (!drag?.target) return rects
    const { rect, target } = drag
    if (!rect) return [...rects, newRect(target)]
    return rects.map((each) => (each.track === rect.track ? { ...each, ...target, human: true, uncertain: false, lost: false } : each))
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.drag || event.button !== 0) return
    const press = this.on.pressed(event)
    if (!press) return
    event.preventDefault()
    const point = this.#at(event)
    const hit = this.forceDraw || event.shiftKey ? null : hitTest(point, press.rects, press.active, this.view.scale, radiusOf(event))
    const isNewSelection = !hit || hit.rect !== press.active
    if (isNewSelection && this.on.picked(hit?.rect.track ?? null)) return
    this.picture.setPointerCapture(event.pointerId)
    this.drag = { pointerId: event.pointerId, rect: hit?.rect ?? null, handle: hit?.handle ?? "", from: point, target: null }
    this.#setCursor(hit)
    this.on.changed()
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const { drag } = this
    if (drag?.pointerId === event.pointerId) this.#follow(drag, event)
    else if (!drag && event.pointerType !== "touch") this.#hover(event)
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    const draws = this.forceDraw || event.shiftKey
    const { rects, active } = this.on.hovered()
    this.#setCursor(draws ? null : hitTest(this.#at(event), rects, active, this.view.scale))
  }

  /** @param {{handle: string} | null} hit */
  #setCursor(hit) {
    this.picture.style.cursor = !hit ? "crosshair" : hit.handle ? `${hit.handle}-resize` : "move"
  }

  /** @param {Drag} drag @param {PointerEvent} event */
  #follow(drag, event) {
    const point = this.#at(event)
    if (!drag.target && distance(drag.from, point) * this.view.scale < CLICK_PX) return
    const { rect, handle, from } = drag
    const by = { x: point.x - from.x, y: point.y - from.y }
    drag.target = rect ? adjusted(rect, handle, by, event.shiftKey, [MIN_SIDE_PX, MIN_SIDE_PX]) : between(from, point)
    this.on.changed()
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const { drag } = this
    if (drag?.pointerId !== event.pointerId) return
    if (drag.target) this.#follow(drag, event)
    this.drag = null
    if (drag.target) this.#end(drag, drag.target)
    this.on.changed()
  }

  /** @param {Drag} drag @param {Corners} target */
  #end({ rect, handle }, target) {
    const box = snapped(target, handle, this.view)
    if (Math.min(box.x2 - box.x1, box.y2 - box.y1) < MIN_SIDE_PX) {
      const advice = rect ? "Its old size was restored." : "Draw it larger."
      this.on.refused(`A box needs at least ${MIN_SIDE_PX} pixels each way. ${advice}`)
    } else if (rect) this.on.moved(rect, box)
    else {
      this.forceDraw = false
      this.on.drawn(box)
    }
  }

  /** The pointer's position, clamped to the frame. @param {PointerEvent} event @returns {Point} */
  #at(event) {
    const { width, height } = this.view.frame
    const { x, y } = onFrame(event, this.picture, this.view)
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) }
  }
}

/** Whether an event is on the frame rather than on the stage around it. @param {PointerEvent} event @param {HTMLElement} picture @param {View} view */
export function isOnFrame(event, picture, view) {
  const { width, height } = view.frame
  return contains({ x1: 0, y1: 0, x2: width, y2: height }, onFrame(event, picture, view))
}

/** @param {PointerEvent} event @param {HTMLElement} picture @param {View} view */
function onFrame({ clientX, clientY }, picture, view) {
  const { left, top } = picture.getBoundingClientRect()
  return view.onFrame({ x: clientX - left, y: clientY - top })
}

/**
 * A box clamped to the frame and rounded to hundredths of a pixel. An edge dropped close to the
 * border snaps to it.
 * @param {Corners} target @param {string} handle "" if all edges moved @param {View} view
 * @returns {Corners}
 */
export function snapped({ x1, y1, x2, y2 }, handle, { frame, scale }) {
  const snap = SNAP_PX / scale
  const moved = (/** @type {string} */ side) => !handle || handle.includes(side)
  return {
    x1: moved("w") && x1 <= snap ? 0 : rounded(x1, frame.width),
    y1: moved("n") && y1 <= snap ? 0 : rounded(y1, frame.height),
    x2: moved("e") && x2 >= frame.width - snap ? frame.width : rounded(x2, frame.width),
    y2: moved("s") && y2 >= frame.height - snap ? frame.height : rounded(y2, frame.height),
  }
}

/** @param {number} value @param {number} end */
function rounded(value, end) {
  return Math.min(Math.max(Math.round(value * STEPS_PER_PX) / STEPS_PER_PX, 0), end)
}

/** @param {PointerEvent} event */
function radiusOf({ pointerType }) {
  return pointerType === "touch" ? FINGER_RADIUS_PX : GRAB_RADIUS_PX
}
