/** On Home: says how many edits wait in this browser. */

import { component } from "../_shared/component.js"
import { h } from "../_shared/element.js"
import { openStore } from "./queue_store.js"
import { countWaiting, waitingWords } from "./unsent_edits.js"

/** @typedef {{username: string}} Reader who is signed in */

const LOOK_MS = 2000

class UnsentNotice {
  #store = openStore(() => {})

  /** @param {HTMLElement} root @param {Reader} reader */
  constructor(root, reader) {
    this.root = root
    this.reader = reader
    this.timer = setInterval(() => this.#look(), LOOK_MS)
    void this.#look()
  }

  async #look() {
    const waiting = countWaiting(await this.#store.change((same) => same))
    const sentences = waiting.map((each) => h("p", {}, link(each), waitingWords(each, this.reader.username)))
    this.root.replaceChildren(...sentences)
  }

  /** @param {{data: Reader}} call */
  update({ data }) {
    return data.username === this.reader.username
  }

  destroy() {
    clearInterval(this.timer)
  }
}

/** @param {import("./unsent_edits.js").Waiting} waiting */
function link({ videoId }) {
  return h("a", { href: `labeling?video=${videoId}`, target: "_self" }, "Open")
}

export default component({
  style: new URL("./unsent.css", import.meta.url),
  create: (/** @type {{data: Reader, parentElement: ShadowRoot}} */ { data, parentElement }) => {
    const root = parentElement.querySelector(".unsent")
    if (!(root instanceof HTMLElement)) throw new Error("The component has no element of its own.")
    return new UnsentNotice(root, data)
  },
})
