/** Signs of life: who else works on this video, and how much work went into it. */

import { fetchJson } from "./fetch_json.js"
import { listed } from "./words.js"

/** @typedef {{seconds: number, human_boxes: number, boxes_per_human_box: number}} Effort */

const BEAT_MS = 10_000
const WORKING_MS = 15_000 // from one act so long the person counts as working

export class Presence {
  /** @type {string[]} */ others = []
  /** @type {Effort | null} */ effort = null
  #workedMs = 0
  #actedAt = -WORKING_MS
  #countedAt = performance.now()

  /** @param {string} api root of the video's routes @param {string} username one's own @param {AbortSignal} signal @param {(came: string[]) => void} changed */
  constructor(api, username, signal, changed) {
    this.url = `${api}/presence`
    this.username = username
    this.changed = changed
    for (const type of ["keydown", "pointerdown", "wheel"]) {
      window.addEventListener(type, () => this.#act(), { capture: true, passive: true, signal })
    }
    window.addEventListener("pagehide", () => this.#beat(true), { signal })
    document.addEventListener("visibilitychange", () => document.hidden && this.#beat(true), { signal })
    this.timer = setInterval(() => !document.hidden && this.#beat(), BEAT_MS)
    void this.#beat()
  }

  destroy() {
    clearInterval(this.timer)
    void this.#beat(true)
  }

  /** Who is here, oneself included. @param {{username: string}[]} people */
  tell(people) {
    const others = people.map(({ username }) => username).filter((name) => name !== this.username)
    const came = others.filter((name) => !this.others.includes(name))
    this.others = others
    this.changed(came)
  }

  #act() {
    this.#count()
    this.#actedAt = performance.now()
  }

  /** Time since the last count in which the last act was less than WORKING_MS ago. */
  #count() {
    const now = performance.now()
    this.#workedMs += Math.max(0, Math.min(now, this.#actedAt + WORKING_MS) - this.#countedAt)
    this.#countedAt = now
  }

  async #beat(isLast = false) {
    this.#count()
    const active_s = Number((this.#workedMs / 1000).toFixed(1))
    if (isLast && !active_s) return
    this.#workedMs = 0
    const answer = await fetchJson(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ active_s }),
      keepalive: isLast,
    })
    if (!answer) this.#workedMs += active_s * 1000 // It goes with the next beat.
    else if (!isLast) {
      this.effort = answer.effort
      this.tell(answer.others)
    }
  }
}

/** What is said when people come. @param {string[]} names @returns {string} */
export function arrivalWords(names) {
  const work = names.length === 1 ? "works" : "work"
  return `${listed(names)} ${work} on this video too. ${SHARING_WORDS}`
}

export const SHARING_WORDS =
  "What you do apart merges by itself. Where you change the same track, the second is asked; nothing is overwritten."
