/** On every page: sends the edits that a labelling screen left in this browser. Invisible. */

import { API_ROOT } from "../_shared/api.js"
import { component } from "../_shared/component.js"
import { BackgroundSender } from "./background_sender.js"
import { browserClock } from "./clock.js"
import { openStore } from "./queue_store.js"

/** @typedef {import("./owned_entries.js").User} User */

class UnsentSender {
  #abort = new AbortController()

  /** @param {User} user */
  constructor(user) {
    this.user = user
    const environment = {
      store: openStore(() => {}), fetch: window.fetch.bind(window), api: API_ROOT, clock: browserClock, random: Math.random,
    }
    this.sender = new BackgroundSender(environment, user, openVideo)
    const options = { signal: this.#abort.signal }
    for (const type of ["online", "focus"]) window.addEventListener(type, () => this.sender.wake(), options)
    window.addEventListener("pagehide", () => void this.sender.close(), options)
    window.addEventListener("pageshow", (event) => event.persisted && void this.sender.start(), options)
    void this.sender.start()
  }

  /** @param {{data: User}} call */
  update({ data }) {
    return data.id === this.user.id
  }

  destroy() {
    this.#abort.abort()
    void this.sender.close()
  }
}

/** The video whose labelling screen is open on this page, if any. */
function openVideo() {
  const { pathname, searchParams } = new URL(location.href)
  return pathname.endsWith("/labeling") ? Number(searchParams.get("video")) : null
}

export default component({
  create: (/** @type {{data: User}} */ { data }) => new UnsentSender(data),
})
