/** The bar that accepts or rejects a detector's proposed tracks by their score. */

import { h } from "../_shared/element.js"

/** @typedef {import("./track_row.js").ListedTrack} ListedTrack */

export class ProposalBar {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    /** @type {ListedTrack[]} */
    this.tracks = []
    this.words = h("span", { class: "words" })
    this.minimum = h("input", { type: "number", min: 0, max: 100, step: 5, value: "50", "aria-label": "Minimum confidence in percent", oninput: () => this.paint(this.tracks) })
    this.accept = h("button", { class: "action yes", onclick: () => annotator.edit.accept(this.#ids(true)) })
    this.reject = h("button", { class: "action", onclick: () => annotator.edit.reject(this.#ids(false)) })
    this.element = h("div", { class: "proposals", hidden: true },
      this.words,
      h("label", {}, "from ", this.minimum, " %"),
      this.accept,
      this.reject,
    )
  }

  /** @param {boolean} above @returns {import("./operations.js").TrackRef[]} */
  #ids(above) {
    const minimum = Number(this.minimum.value) / 100
    return this.tracks.filter(({ proposed, score }) => proposed && (score ?? 0) >= minimum === above).map(({ id }) => id)
  }

  /** @param {ListedTrack[]} tracks */
  paint(tracks) {
    this.tracks = tracks
    const count = tracks.filter(({ proposed }) => proposed).length
    this.element.hidden = count === 0
    this.words.textContent = `${count} proposed`
    this.#paintButton(this.accept, "Accept", true)
    this.#paintButton(this.reject, "Reject", false)
  }

  /** @param {HTMLButtonElement} button @param {string} verb @param {boolean} above */
  #paintButton(button, verb, above) {
    const { length } = this.#ids(above)
    button.textContent = `${verb} ${length}`
    button.disabled = length === 0
    button.title = `${verb} every proposed track ${above ? "of this confidence or more" : "below this confidence"}`
  }
}
