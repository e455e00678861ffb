/** The banner over the picture that says why edits are not saved. */

import { API_ROOT } from "../_shared/api.js"
import { h } from "../_shared/element.js"
import { bannerWords, needsSignIn } from "./saving_words.js"

/** @typedef {import("./annotations.js").Saving} Saving */

export class Banner {
  /** @param {string} username whom the edits of this screen belong to */
  constructor(username) {
    const url = new URL(`../../sign-in?as=${encodeURIComponent(username)}`, `${API_ROOT}/`)
    this.words = h("span")
    this.signIn = h("a", { class: "action", href: url.href, target: "_blank" }, "Sign in")
    this.element = h("div", { class: "banner", role: "alert", hidden: true }, this.words, this.signIn)
  }

  /** @param {Saving} saving @param {boolean} isDurable @param {string} username */
  paint(saving, isDurable, username) {
    const words = bannerWords(saving, isDurable, username)
    this.element.hidden = !words
    this.element.dataset.state = saving
    this.signIn.hidden = !needsSignIn(saving)
    if (this.words.textContent !== words) this.words.textContent = words
  }
}
