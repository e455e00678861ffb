/** Messages that appear over the picture for a while. */

import { h } from "../_shared/element.js"

const INFO_MS = 3500
const REFUSAL_MS = 9000 // a refusal takes longer to read

export class Toasts {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer

  constructor() {
    this.words = h("span")
    const close = h("button", { class: "close", title: "Close (Esc)", "aria-label": "Close", onclick: () => this.close() }, "×")
    this.toast = h("div", { class: "toast", role: "status", hidden: true }, this.words, close)
    this.element = h("div", { class: "toasts" }, this.toast)
  }

  /** @param {string} sentence @param {boolean} refused */
  say(sentence, refused) {
    this.words.textContent = sentence
    this.toast.dataset.refused = String(refused)
    this.toast.hidden = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.close(), refused ? REFUSAL_MS : INFO_MS)
  }

  close() {
    this.toast.hidden = true
  }
}
