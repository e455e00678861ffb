/**
 * The zoom and position of the picture, which stay from frame to frame.
 *
 * Two coordinate systems: pixels of the frame and CSS pixels of the stage.
 */

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x1: number, y1: number, x2: number, y2: number}} Corners */

const MAX_ZOOM = 16
const NO_SIZE = { width: 1, height: 1 }

export const ZOOM_STEP = 1.25

export class View {
  /** 1 shows the whole frame. */ zoom = 1
  /** Of the visible part, as fractions of the frame. @type {Point} */ centre = { x: 0.5, y: 0.5 }
  /** Of the frame on the stage. */ left = 0
  top = 0
  /** @type {Size} */ stage = NO_SIZE
  /** @type {Size} */ frame = NO_SIZE

  /** Fit a frame of this size on a stage of this size. @param {Size} stage in CSS pixels @param {Size} frame */
  layout(stage, frame) {
    this.stage = stage
    this.frame = frame
    const { width, height } = this.#frameOnStage
    this.left = offsetOf(stage.width, width, this.centre.x)
    this.top = offsetOf(stage.height, height, this.centre.y)
    if (this.zoom !== 1) this.#recentre(this.left, this.top)
  }

  /** Pixels of the stage per pixel of the frame. */
  get scale() {
    return this.zoom * Math.min(this.stage.width / this.frame.width, this.stage.height / this.frame.height)
  }

  /** The frame's size on the stage. @returns {Size} */
  get #frameOnStage() {
    return { width: this.frame.width * this.scale, height: this.frame.height * this.scale }
  }

  /** Zoom by a factor around a point, which stays in place. @param {number} factor @param {Point} at on the stage */
  zoomBy(factor, at = { x: this.stage.width / 2, y: this.stage.height / 2 }) {
    const under = this.onFrame(at)
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MAX_ZOOM)
    if (this.zoom < 1.01) this.zoom = 1
    this.#moveTo(at.x - under.x * this.scale, at.y - under.y * this.scale)
  }

  /** @param {number} dx @param {number} dy stage pixels */
  pan(dx, dy) {
    this.#moveTo(this.left + dx, this.top + dy)
  }

  /** Show the whole frame. */
  reset() {
    this.zoom = 1
    this.centre = { x: 0.5, y: 0.5 }
    this.layout(this.stage, this.frame)
  }

  /** Zoom to a rectangle of the frame with a margin. @param {Corners} rect */
  zoomTo({ x1, y1, x2, y2 }) {
    const fit = this.scale / this.zoom
    const factor = Math.min(this.stage.width / (x2 - x1), this.stage.height / (y2 - y1)) / fit
    this.zoom = Math.min(Math.max(factor * 0.6, 1), MAX_ZOOM)
    this.centre = { x: (x1 + x2) / 2 / this.frame.width, y: (y1 + y2) / 2 / this.frame.height }
    this.layout(this.stage, this.frame)
  }

  /** Convert a rectangle from frame to stage pixels. @param {Corners} rect */
  onStage({ x1, y1, x2, y2 }) {
    const { scale, left, top } = this
    return { x: left + x1 * scale, y: top + y1 * scale, width: (x2 - x1) * scale, height: (y2 - y1) * scale }
  }

  /** Convert a point from stage to frame pixels; it may be outside the frame. @param {Point} point @returns {Point} */
  onFrame({ x, y }) {
    return { x: (x - this.left) / this.scale, y: (y - this.top) / this.scale }
  }

  /** @param {number} left @param {number} top */
  #moveTo(left, top) {
    this.#recentre(left, top)
    this.layout(this.stage, this.frame)
  }

  /** @param {number} left @param {number} top */
  #recentre(left, top) {
    const { width, height } = this.#frameOnStage
    this.centre = { x: (this.stage.width / 2 - left) / width, y: (this.stage.height / 2 - top) / height }
  }
}

/**
 * The offset of a picture of length `size` on a stage of length `available`, without a gap at only
 * one end. Whole pixels keep the pointer and the picture aligned.
 * @param {number} available @param {number} size @param {number} centre
 */
function offsetOf(available, size, centre) {
  if (size <= available) return Math.round((available - size) / 2)
  return Math.round(Math.min(0, Math.max(available - size, available / 2 - centre * size)))
}
