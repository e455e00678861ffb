/** Signs of life: who else works on this video, and how much work went into it. */

import { fetchJson } from "./fetch_json.js"

/** @typedef {{ seconds: number, human_boxes: number, boxes_per_human_box: number }} Effort */

const BEAT_MS = 10_000
const WORKING_MS = 15_000 // from one act so long the person counts as working

export class Presence {
  /**
   * `changed` is called with each answer of the server.
   * @param {string} api the video's address
   * @param {AbortSignal} signal
   * @param {() => void} changed called with each answer of the server
   */
  constructor(api, signal, changed) {
    this.url = `${api}/presence`
    this.changed = changed
    /** @type {string[]} the names of those who are here too */
    this.others = []
    /** @type {Effort | null} */
    this.effort = null
    this.workedMs = 0
    this.actedAt = -WORKING_MS
    this.countedAt = performance.now()
    for (const type of ["keydown", "mousedown", "wheel"]) {
      window.addEventListener(type, () => this.#act(), { capture: true, passive: true, signal })
    }
    window.addEventListener("pagehide", () => this.#beat(true), { signal })
    document.addEventListener("visibilitychange", () => document.hidden && this.#beat(true), { signal })
    this.timer = setInterval(() => !document.hidden && this.#beat(), BEAT_MS)
    this.#beat()
  }

  destroy() {
    clearInterval(this.timer)
    this.#beat(true)
  }

  #act() {
    this.#count()
    this.actedAt = performance.now()
  }

  /** Time since the last count in which the last act was less than WORKING_MS ago. */
  #count() {
    const now = performance.now()
    this.workedMs += Math.max(0, Math.min(now, this.actedAt + WORKING_MS) - this.countedAt)
    this.countedAt = now
  }

  /** @param {boolean} [isLast] */
  async #beat(isLast = false) {
    this.#count()
    const active_s = Number((this.workedMs / 1000).toFixed(1))
    if (isLast && !active_s) return
    this.workedMs = 0
    const answer = await fetchJson(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ active_s }),
      keepalive: isLast,
    })
    if (!answer) this.workedMs += active_s * 1000 // It goes with the next beat.
    else if (!isLast) {
      this.others = answer.others.map((/** @type {{ username: string }} */ one) => one.username)
      this.effort = answer.effort
      this.changed()
    }
  }
}
