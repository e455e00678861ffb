/** The form for a new label. */

import { h } from "../_shared/element.js"

const COLORS = ["#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324"]

export class LabelForm {
  /** @param {(name: string, color: string) => void} add */
  constructor(add) {
    this.add = add
    this.name = h("input", { placeholder: "Add a label", maxlength: 100, "aria-label": "New label" })
    this.color = h("input", { type: "color", value: COLORS[0], title: "Its colour", "aria-label": "Colour" })
    const button = h("button", { class: "action" }, "Add")
    this.element = h("form", { class: "add", onsubmit: (event) => this.#submit(event) }, this.color, this.name, button)
  }

  /** Preselect the colour of the next label. @param {number} count */
  offerColor(count) {
    this.color.value = COLORS[count % COLORS.length] ?? ""
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault()
    const name = this.name.value.trim()
    if (!name) return
    this.add(name, this.color.value)
    this.name.value = ""
    this.name.blur()
  }
}
