/** The boxes of the frame on the screen, in pixels of the frame and of the drawing canvas. */

import { UNCERTAIN } from "./box_store.js"

/** @typedef {import("./box_store.js").FrameBox} FrameBox */
/** @typedef {import("./box_store.js").Xyxy} Xyxy */
/** @typedef {import("./rects.js").Rect} Rect */
/**
 * @typedef {object} Appearance of a box
 * @property {number | null} track null while a new box waits for its name
 * @property {boolean} human
 * @property {string} [label]
 * @property {boolean} [occluded]
 * @property {boolean} [proposed]
 * @property {boolean} [uncertain] derived, and probably wrong
 * @property {boolean} [locked]
 * @property {number | null} [score] of the detector that proposed its track
 */
/** @typedef {Rect & Appearance} CanvasBox a box in pixels of the drawing canvas */

export class FrameBoxes {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  /** Pixels of the frame per pixel of the canvas, horizontally and vertically. @returns {[number, number]} */
  get scale() {
    const { width, height } = this.a.canvasSize
    return [this.a.video.width / width, this.a.video.height / height]
  }

  /** Whether an empty place is certain to be empty. */
  get isKnown() {
    const { feed, shown, boxes } = this.a
    return feed?.visit.frame === shown || Boolean(boxes.on(shown)) || boxes.isEmpty
  }

  /** @returns {FrameBox[]} */
  get all() {
    const { feed, shown, boxes } = this.a
    if (!feed) return []
    return feed.visit.frame === shown ? feed.boxes : (boxes.on(shown) ?? [])
  }

  /** Boxes that the pointer can reach, in canvas pixels. @param {FrameBox[]} boxes @returns {CanvasBox[]} */
  withinReach(boxes) {
    return this.toCanvas(boxes.filter(({ track }) => !this.a.visibility.isAside(track)))
  }

  /**
   * `rects`, with the boxes that were drawn ahead of the canvas and are still on their way.
   * @param {CanvasBox[]} rects
   * @returns {CanvasBox[]}
   */
  withAhead(rects) {
    const { outbox, shown } = this.a
    const put = outbox.acts.filter(({ kind, frame }) => kind === "put" && frame === shown)
    const ahead = this.toCanvas(
      put.flatMap(({ track, box }) => (box ? [{ track: track || null, box, human: true }] : [])),
    )
    const moved = new Map(ahead.map((rect) => [rect.track, rect]))
    const here = rects.map((rect) => (rect.track && moved.has(rect.track) ? { ...rect, ...moved.get(rect.track) } : rect))
    return [...here, ...ahead.filter(({ track }) => !track)]
  }

  /**
   * @param {(Appearance & { box: Xyxy, uncertainty?: number | null })[]} boxes
   * @returns {CanvasBox[]}
   */
  toCanvas(boxes) {
    const [sx, sy] = this.scale
    return boxes.map(({ box: [x1, y1, x2, y2], ...rest }) => ({
      ...rest,
      uncertain: !rest.human && this.#doubtOf(rest) >= UNCERTAIN,
      score: this.a.boxes.track(rest.track)?.score,
      x1: x1 / sx, y1: y1 / sy, x2: x2 / sx, y2: y2 / sy,
    }))
  }

  /**
   * Of a derived box: propagation's own doubt, and a detector's where one ran.
   * @param {{ track?: number | null, uncertainty?: number | null }} box
   */
  #doubtOf({ track, uncertainty }) {
    return Math.max(uncertainty ?? 0, this.a.propagation.doubtOf(track, this.a.shown))
  }
}
