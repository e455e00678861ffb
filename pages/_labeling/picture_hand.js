/**
 * The drawing canvas's part while that is on its way: the same hand, without a canvas in it.
 * 
 * What is drawn is shown by `paintBoxes` anyway, and goes to the server as an act.
 */

import { contains } from "./rects.js"

/** @typedef {import("./rects.js").Point} Point */
/** @typedef {import("./rects.js").Rect} Rect */

export class PictureHand {
  /** @param {import("./view.js").View} view @param {HTMLElement} picture */
  constructor(view, picture) {
    this.view = view
    this.picture = picture
  }

  /**
   * Where the pointer is, in canvas pixels, kept inside the canvas.
   * @param {MouseEvent} event
   * @returns {Point}
   */
  at(event) {
    const { width, height } = this.view.canvas
    const { x, y } = this.#pointOf(event)
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) }
  }

  /** @param {MouseEvent} event */
  covers(event) {
    const { width, height } = this.view.canvas
    return contains({ x1: 0, y1: 0, x2: width, y2: height }, this.#pointOf(event))
  }

  /** @param {MouseEvent} event @returns {Point} */
  #pointOf({ clientX, clientY }) {
    const bounds = this.picture.getBoundingClientRect()
    const { left, top, zoom } = this.view
    return { x: (clientX - bounds.left - left) / zoom, y: (clientY - bounds.top - top) / zoom }
  }

  /** @param {Point} _from */
  beginDrawing(_from) {}
  /** @param {Point} _point */
  drawTo(_point) {}
  /** @param {Point} _point */
  endDrawing(_point) {}
  undo() {}
  /** @param {Point} _hold */
  take(_hold) {}
  /** @param {Rect} _rect @param {Point} _hold @param {string} _handle */
  takeHandle(_rect, _hold, _handle) {}
  /** @param {Rect} _rect @param {string} _handle @param {Rect} _start */
  pull(_rect, _handle, _start) {}
}
