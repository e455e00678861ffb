/** The picture with its boxes, and the messages over it. */

import { h } from "../_shared/element.js"
import { sharpContext } from "./sharp_canvas.js"
import { Toasts } from "./toasts.js"

/** @typedef {import("./view.js").View} View */

const BUSY_AFTER_MS = 300

export class Stage {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #busyTimer

  /** @param {View} view @param {...HTMLElement} notices elements over the picture */
  constructor(view, ...notices) {
    this.view = view
    this.picture = h("canvas", { class: "picture" })
    this.toasts = new Toasts()
    this.busy = h("div", { class: "busy", hidden: true })
    this.ending = h("button", { class: "ending", hidden: true })
    const over = h("div", { class: "notices" }, notices)
    this.element = h("div", { class: "stage" }, this.picture, this.busy, this.ending, over, this.toasts.element)
  }

  get size() {
    return { width: this.element.clientWidth, height: this.element.clientHeight }
  }

  /** Update the layout for a frame of this size. @param {{width: number, height: number}} frame */
  place(frame) {
    this.view.layout(this.size, frame)
    const { left, top, scale } = this.view
    this.picture.dataset.place = `${left} ${top} ${scale}`
  }

  /**
   * Paint the frame; returns the context for its boxes. Without an image, the last picture stays.
   * @param {HTMLImageElement | null} image
   * @param {boolean} failed
   */
  paintFrame(image, failed) {
    this.busy.textContent = failed ? "This frame cannot be loaded. Trying again…" : "Loading the frame…"
    this.#showBusy(!image)
    if (!image) return null
    const { stage, frame } = this.view
    const context = sharpContext(this.picture, stage.width, stage.height)
    const { x, y, width, height } = this.view.onStage({ x1: 0, y1: 0, x2: frame.width, y2: frame.height })
    context.imageSmoothingEnabled = width < image.naturalWidth * 3
    context.drawImage(image, x, y, width, height)
    return context
  }

  /** @param {boolean} on */
  #showBusy(on) {
    if (on) {
      this.#busyTimer ??= setTimeout(() => (this.busy.hidden = false), BUSY_AFTER_MS)
      return
    }
    clearTimeout(this.#busyTimer)
    this.#busyTimer = undefined
    this.busy.hidden = true
  }

  /** Offer to end the track where propagation has lost the object. @param {string} words @param {() => void} run */
  offerEnd(words, run) {
    this.ending.hidden = !words
    this.ending.textContent = words
    this.ending.onclick = run
  }
}
