/**
 * What the labelling screen says over the picture: a passing sentence, and an offer.
 * 
 * The two never share a place: an offer is the only way to something, so it stays until the
 * person takes it or closes it, whatever else is said in the meantime.
 */

import { h } from "../_shared/element.js"

/** @typedef {{ text: string, run: () => void }} Offer what can be done at once */

const PASSING_MS = 3500
const REFUSAL_MS = 9000 // a refusal takes longer to read

/** One sentence with a button that closes it. */
class Toast {
  constructor() {
    this.words = h("span")
    this.more = h("span", { class: "more" })
    const close = h("button", { class: "close", title: "Close (Esc)", "aria-label": "Close", onclick: () => this.close() }, "×")
    this.element = h("div", { class: "toast", role: "status", hidden: true }, this.words, this.more, close)
  }

  /** @param {string} sentence @param {boolean} refused @param {HTMLElement | ""} [button] */
  show(sentence, refused, button = "") {
    this.words.textContent = sentence
    this.more.replaceChildren(button)
    this.element.dataset.refused = String(refused)
    this.element.hidden = false
  }

  close() {
    this.element.hidden = true
  }
}

export class Toasts {
  constructor() {
    this.offered = new Toast()
    this.passing = new Toast()
    this.element = h("div", { class: "toasts" }, this.offered.element, this.passing.element)
  }

  /** Shows a sentence for a while. @param {string} sentence @param {boolean} refused */
  say(sentence, refused) {
    this.passing.show(sentence, refused)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.passing.close(), refused ? REFUSAL_MS : PASSING_MS)
  }

  /**
   * Shows a refusal with a button that answers it. Only a newer offer replaces it.
   * @param {string} sentence
   * @param {Offer} offer
   */
  offer(sentence, { text, run }) {
    const take = () => {
      this.offered.close()
      run()
    }
    this.offered.show(sentence, true, h("button", { class: "offer", onclick: take }, text))
  }

  close() {
    this.offered.close()
    this.passing.close()
  }
}
