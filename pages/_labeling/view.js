/**
 * What part of the picture is seen, and how large. It stays from frame to frame.
 * 
 * Three planes: pixels of the frame (the server's), of the drawing canvas, and of the stage
 * (the screen's). The canvas keeps its size; zooming magnifies it on the stage.
 */

/** @typedef {import("./rects.js").Point} Point */
/** @typedef {import("./rects.js").Rect} Rect */
/** @typedef {{ width: number, height: number }} Size */

const MOST_ZOOM = 16
export const ZOOM_STEP = 1.25

export class View {
  constructor() {
    this.zoom = 1
    this.centre = { x: 0.5, y: 0.5 } // of what is seen, as fractions of the picture
    this.left = this.top = 0 // of the picture on the stage
    this.stage = this.canvas = { width: 1, height: 1 }
  }

  /**
   * Put a canvas of this size on a stage of this size, both in CSS pixels.
   * @param {Size} stage
   * @param {Size} canvas
   */
  layout(stage, canvas) {
    this.stage = stage
    this.canvas = canvas
    this.left = place(stage.width, canvas.width * this.zoom, this.centre.x)
    this.top = place(stage.height, canvas.height * this.zoom, this.centre.y)
    if (this.zoom === 1) return
    this.centre = {
      x: (stage.width / 2 - this.left) / (canvas.width * this.zoom),
      y: (stage.height / 2 - this.top) / (canvas.height * this.zoom),
    }
  }

  /**
   * Zoom by a factor; the point of the picture under `at` (stage pixels) stays where it is.
   * @param {number} factor
   * @param {Point} [at]
   */
  zoomBy(factor, at = { x: this.stage.width / 2, y: this.stage.height / 2 }) {
    const [x, y] = [(at.x - this.left) / this.zoom, (at.y - this.top) / this.zoom]
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM)
    if (this.zoom < 1.01) this.zoom = 1
    this.#look(at.x - x * this.zoom, at.y - y * this.zoom)
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.#look(this.left + dx, this.top + dy)
  }

  whole() {
    this.zoom = 1
    this.centre = { x: 0.5, y: 0.5 }
    this.layout(this.stage, this.canvas)
  }

  /** Show a rectangle of the canvas with some room around it. @param {Rect} rect */
  lookAt({ x1, y1, x2, y2 }) {
    const room = Math.min(this.stage.width / (x2 - x1), this.stage.height / (y2 - y1))
    this.zoom = Math.min(Math.max(room * 0.6, 1), MOST_ZOOM)
    this.centre = { x: (x1 + x2) / 2 / this.canvas.width, y: (y1 + y2) / 2 / this.canvas.height }
    this.layout(this.stage, this.canvas)
  }

  /**
   * A rectangle of the canvas on the stage.
   * @param {Rect} rect
   * @returns {{ x: number, y: number, width: number, height: number }}
   */
  onStage({ x1, y1, x2, y2 }) {
    const { zoom, left, top } = this
    return { x: left + x1 * zoom, y: top + y1 * zoom, width: (x2 - x1) * zoom, height: (y2 - y1) * zoom }
  }

  /** @param {number} left @param {number} top */
  #look(left, top) {
    this.centre = {
      x: (this.stage.width / 2 - left) / (this.canvas.width * this.zoom),
      y: (this.stage.height / 2 - top) / (this.canvas.height * this.zoom),
    }
    this.layout(this.stage, this.canvas)
  }
}

/**
 * Where a picture of length `size` begins on a stage of length `room`: never a gap at one end
 * only. Whole pixels keep the pointer and the picture in step.
 * @param {number} room
 * @param {number} size
 * @param {number} centre
 */
function place(room, size, centre) {
  if (size <= room) return Math.round((room - size) / 2)
  return Math.round(Math.min(0, Math.max(room - size, room / 2 - centre * size)))
}
