// What a detector proposes, judged together.

import { h } from "../_shared/element.js"

export class ProposalBar {
  constructor(annotator) {
    this.a = annotator
    this.words = h("span", { class: "words" })
    this.least = h("input", { type: "number", min: 0, max: 100, step: 5, value: "50", "aria-label": "Least confidence in percent", oninput: () => this.paint(this.tracks) })
    this.accept = h("button", { class: "action yes", onclick: () => annotator.edit.accept(this.#ids(true)) })
    this.reject = h("button", { class: "action", onclick: () => annotator.edit.reject(this.#ids(false)) })
    this.element = h("div", { class: "proposals", hidden: true },
      this.words,
      h("label", {}, "from ", this.least, " %"),
      this.accept,
      this.reject,
    )
  }

  #ids(above) {
    const least = Number(this.least.value) / 100
    return this.tracks.filter(({ proposed, score }) => proposed && (score ?? 0) >= least === above).map(({ id }) => id)
  }

  paint(tracks) {
    this.tracks = tracks
    const count = tracks.filter(({ proposed }) => proposed).length
    this.element.hidden = count === 0
    this.words.textContent = `${count} proposed`
    for (const [button, above, verb] of [[this.accept, true, "Accept"], [this.reject, false, "Reject"]]) {
      const { length } = this.#ids(above)
      button.textContent = `${verb} ${length}`
      button.disabled = length === 0
      button.title = `${verb} every proposed track ${above ? "of this confidence or more" : "below this confidence"}`
    }
  }
}
