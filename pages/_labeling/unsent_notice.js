/** On the Home page: shows the number of unsent edits in this browser. */

import { component } from "../_shared/component.js"
import { h } from "../_shared/element.js"
import { openStore } from "./queue_store.js"
import { countUnsent, unsentText } from "./unsent_edits.js"

/** @typedef {{username: string}} User who is signed in */

const POLL_MS = 2000

class UnsentNotice {
  #store = openStore(() => {})

  /** @param {HTMLElement} root @param {User} user */
  constructor(root, user) {
    this.root = root
    this.user = user
    this.timer = setInterval(() => this.#refresh(), POLL_MS)
    void this.#refresh()
  }

  async #refresh() {
    const waiting = countUnsent(await this.#store.change((same) => same))
    const sentences = waiting.map((each) => h("p", {}, link(each), unsentText(each, this.user.username)))
    this.root.replaceChildren(...sentences)
  }

  /** @param {{data: User}} call */
  update({ data }) {
    return data.username === this.user.username
  }

  destroy() {
    clearInterval(this.timer)
  }
}

/** @param {import("./unsent_edits.js").UnsentCount} count */
function link({ videoId }) {
  return h("a", { href: `labeling?video=${videoId}`, target: "_self" }, "Open")
}

export default component({
  style: new URL("./unsent.css", import.meta.url),
  create: (/** @type {{data: User, parentElement: ShadowRoot}} */ { data, parentElement }) => {
    const root = parentElement.querySelector(".unsent")
    if (!(root instanceof HTMLElement)) throw new Error("The component has no element of its own.")
    return new UnsentNotice(root, data)
  },
})
