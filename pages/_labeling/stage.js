/**
 * The picture: the frame at once, with its boxes, and over it the drawing canvas, which takes
 * the pointer when it is in step.
 */

import { h } from "../_shared/element.js"
import { sharpContext } from "./sharp_canvas.js"
import { Toasts } from "./toasts.js"

/** @typedef {import("./view.js").Size} Size */

export class Stage {
  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view
    this.picture = h("canvas", { class: "picture" })
    this.toasts = new Toasts()
    this.busy = h("div", { class: "busy", hidden: true })
    this.ending = h("button", { class: "ending", hidden: true })
    this.element = h("div", { class: "stage" }, this.picture, this.busy, this.toasts.element, this.ending)
  }

  /** @returns {[number, number]} */
  get wh() {
    return [this.element.clientWidth, this.element.clientHeight]
  }

  /**
   * The largest picture of these proportions that fits; the server sizes the canvas likewise.
   * @param {Size} size
   * @returns {Size}
   */
  fit({ width, height }) {
    const [w, h_] = this.wh
    const scale = Math.min(w / width, h_ / height)
    return { width: width * scale, height: height * scale }
  }

  /**
   * Put the drawing canvas over its part of the picture. It belongs to another part of the
   * page, and reads its place from variables of the document; what would hang over the edge
   * of the stage is cut off, or it would take the clicks of its neighbours.
   * @param {Size} canvas
   */
  place(canvas) {
    const { element, view } = this
    const [width, height] = this.wh
    view.layout({ width, height }, canvas)
    const { left, top, zoom } = view
    /** @param {number} over */
    const cut = (over) => `${Math.max(0, over / zoom)}px`
    const cuts = [-top, left + canvas.width * zoom - width, top + canvas.height * zoom - height, -left]
    setVariable("left", `${element.offsetLeft + left}px`)
    setVariable("top", `${element.offsetTop + top}px`)
    setVariable("zoom", String(zoom))
    setVariable("cut", `inset(${cuts.map(cut).join(" ")})`)
  }

  /**
   * Whether the pointer reaches the canvas, or ends at the picture under it.
   * @param {boolean} canvasTakesPointer
   */
  letThrough(canvasTakesPointer) {
    setVariable("pointer", canvasTakesPointer ? "auto" : "none")
  }

  /**
   * Start a picture with the frame on it. Without the image the last one stays, boxes and all.
   * @param {HTMLImageElement | null} image
   * @param {boolean} failed
   * @returns {CanvasRenderingContext2D | null}
   */
  paintFrame(image, failed) {
    this.busy.textContent = failed ? "This frame cannot be loaded. Trying again…" : "Loading the frame…"
    this.#showBusy(!image)
    if (!image) return null
    const { stage, canvas } = this.view
    const context = sharpContext(this.picture, stage.width, stage.height)
    const { x, y, width, height } = this.view.onStage({ x1: 0, y1: 0, x2: canvas.width, y2: canvas.height })
    context.imageSmoothingEnabled = width < image.naturalWidth * 3
    context.drawImage(image, x, y, width, height)
    return context
  }

  /** @param {boolean} on */
  #showBusy(on) {
    if (on && !this.busyTimer) this.busyTimer = setTimeout(() => (this.busy.hidden = false), 300)
    if (on) return
    clearTimeout(this.busyTimer)
    this.busyTimer = undefined
    this.busy.hidden = true
  }

  /**
   * On the frame where propagation thinks that the object is gone.
   * @param {string} words
   * @param {() => void} run
   */
  offerEnd(words, run) {
    this.ending.hidden = !words
    this.ending.textContent = words
    this.ending.onclick = run
  }
}

/**
 * A variable of the document, for the styles of the drawing canvas.
 * @param {string} name
 * @param {string} value
 */
function setVariable(name, value) {
  document.documentElement.style.setProperty(`--annotator-${name}`, value)
}
