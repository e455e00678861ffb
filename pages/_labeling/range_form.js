/** The form for a fully labelled range. Empty fields mean the frame on the screen. */

import { h } from "../_shared/element.js"

const FROM_HERE = "Start the range here; press again on the last frame (R)"

export class RangeForm {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    this.from = this.#field("From frame")
    this.to = this.#field("To frame")
    const mark = h("button", { class: "action" }, "Mark")
    const start = h("button", { type: "button", class: "action", title: FROM_HERE, onclick: () => annotator.edit.toggleRange() }, "From here")
    this.element = h("form", { class: "add", onsubmit: (event) => this.#submit(event) },
      this.from, h("span", {}, "to"), this.to, mark, start)
  }

  /** Show the values that empty fields mean. @param {number} from @param {number} frame */
  paint(from, frame) {
    this.from.placeholder = String(Math.min(from, frame))
    this.to.placeholder = String(Math.max(from, frame))
  }

  /** @param {string} label @returns {HTMLInputElement} */
  #field(label) {
    const title = `${label} (double click: this frame)`
    const input = h("input", { type: "number", min: 0, "aria-label": label, title })
    input.addEventListener("dblclick", () => (input.value = String(this.a.shown)))
    return input
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault()
    const ends = [this.from, this.to].map(({ value, placeholder }) => Number(value === "" ? placeholder : value))
    this.a.edit.markRange(Math.min(...ends), Math.max(...ends))
    this.from.value = this.to.value = ""
  }
}
