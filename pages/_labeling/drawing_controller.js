/**
 * The pointer on the picture: what a press and a drag mean. Mouse, pen and finger alike.
 *
 * A drag holds on to the boxes as they were when it began: what others do meanwhile does not
 * move a box under the hand.
 */

import { hitTest, REACH_PX } from "./hit_test.js"
import { MIN_SIDE_PX } from "./operations.js"
import { adjusted, between, contains, distance } from "./rects.js"

/** @typedef {import("./frame_boxes.js").BoxRect} BoxRect */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./view.js").Corners} Corners */
/** @typedef {import("./view.js").Point} Point */
/** @typedef {import("./view.js").View} View */
/** @typedef {Corners & {track: TrackRef}} TrackRect */
/** @typedef {{rects: TrackRect[], active: TrackRect | null}} Press the boxes to be pressed, lowest first */
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
 * @property {(event: PointerEvent) => Press | null} pressed null where nothing can be drawn now
 * @property {() => Press} hovered
 * @property {(track: TrackRef | null) => boolean} picked true where that was all the press meant
 * @property {(target: Corners) => void} drawn
 * @property {(rect: TrackRect, target: Corners) => void} moved
 * @property {(sentence: string) => void} refused
 * @property {() => void} changed what is seen
 */

const CLICK_PX = 3
const SNAP_PX = 3
const FINGER_REACH_PX = 18 // from a handle
const ROUND = 100

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

  /** Let go of what is held; nothing was drawn. */
  cancel() {
    if (!this.drag) return
    this.drag = null
    this.on.changed()
  }

  /** Tracks have rows now that had names. @param {ReadonlyMap<TrackRef, number>} named */
  rename(named) {
    const rect = this.drag?.rect
    if (rect) rect.track = named.get(rect.track) ?? rect.track
  }

  /**
   * `rects` with what the pointer is doing to them.
   * @param {BoxRect[]} rects @param {(corners: Corners) => BoxRect} drawn makes a rect of a new box
   * @returns {BoxRect[]}
   */
  over(rects, drawn) {
    const { drag } = this
    if (!drag?.target) return rects
    const { rect, target } = drag
    if (!rect) return [...rects, drawn(target)]
    return rects.map((each) => (each.track === rect.track ? { ...each, ...target, human: true, uncertain: false } : each))
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.drag || event.button !== 0) return
    const press = this.on.pressed(event)
    if (!press) return
    event.preventDefault()
    const point = this.#at(event)
    const hit = this.forceDraw || event.shiftKey ? null : hitTest(point, press.rects, press.active, this.view.scale, reachOf(event))
    const isNews = !hit || hit.rect !== press.active
    if (isNews && this.on.picked(hit?.rect.track ?? null)) return
    this.picture.setPointerCapture(event.pointerId)
    this.drag = { pointerId: event.pointerId, rect: hit?.rect ?? null, handle: hit?.handle ?? "", from: point, target: null }
    this.#aim(hit)
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
    this.#aim(draws ? null : hitTest(this.#at(event), rects, active, this.view.scale))
  }

  /** @param {{handle: string} | null} hit */
  #aim(hit) {
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
    const box = settled(target, handle, this.view)
    if (Math.min(box.x2 - box.x1, box.y2 - box.y1) < MIN_SIDE_PX) {
      const kept = rect ? "It was put back." : "Draw it larger."
      this.on.refused(`A box needs at least ${MIN_SIDE_PX} pixels each way. ${kept}`)
    } else if (rect) this.on.moved(rect, box)
    else {
      this.forceDraw = false
      this.on.drawn(box)
    }
  }

  /** Where the pointer is, kept inside the frame. @param {PointerEvent} event @returns {Point} */
  #at(event) {
    const { width, height } = this.view.frame
    const { x, y } = onFrame(event, this.picture, this.view)
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) }
  }
}

/** Whether an event lies on the frame, and not on the stage around it. @param {PointerEvent} event @param {HTMLElement} picture @param {View} view */
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
 * A box as it is kept: inside the frame, in hundredths of a pixel. An edge that was dropped close
 * to the border means the border.
 * @param {Corners} target @param {string} handle "" where all edges moved @param {View} view
 * @returns {Corners}
 */
export function settled({ x1, y1, x2, y2 }, handle, { frame, scale }) {
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
  return Math.min(Math.max(Math.round(value * ROUND) / ROUND, 0), end)
}

/** @param {PointerEvent} event */
function reachOf({ pointerType }) {
  return pointerType === "touch" ? FINGER_REACH_PX : REACH_PX
}
