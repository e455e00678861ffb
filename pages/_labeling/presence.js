/** Sends heartbeats: who else works on this video, and how much work went into it. */

import { fetchJson } from "./fetch_json.js"
import { listed } from "./words.js"

/** @typedef {{seconds: number, human_boxes: number, boxes_per_human_box: number}} Effort */

const HEARTBEAT_MS = 10_000
const WORKING_MS = 15_000 // how long the user counts as working after an input

export class Presence {
  /** @type {string[]} */ others = []
  /** @type {Effort | null} */ effort = null
  #workedMs = 0
  #lastInputAt = -WORKING_MS
  #countedAt = performance.now()

  /** @param {string} api root of the video's routes @param {string} username the user's own name @param {AbortSignal} signal @param {(arrived: string[]) => void} changed */
  constructor(api, username, signal, changed) {
    this.url = `${api}/presence`
    this.username = username
    this.changed = changed
    for (const type of ["keydown", "pointerdown", "wheel"]) {
      window.addEventListener(type, () => this.#onInput(), { capture: true, passive: true, signal })
    }
    window.addEventListener("pagehide", () => this.#sendHeartbeat(true), { signal })
    document.addEventListener("visibilitychange", () => document.hidden && this.#sendHeartbeat(true), { signal })
    this.timer = setInterval(() => !document.hidden && this.#sendHeartbeat(), HEARTBEAT_MS)
    void this.#sendHeartbeat()
  }

  destroy() {
    clearInterval(this.timer)
    void this.#sendHeartbeat(true)
  }

  /** Set who is here. @param {{username: string}[]} people including the user */
  update(people) {
    const others = people.map(({ username }) => username).filter((name) => name !== this.username)
    const arrived = others.filter((name) => !this.others.includes(name))
    this.others = others
    this.changed(arrived)
  }

  #onInput() {
    this.#count()
    this.#lastInputAt = performance.now()
  }

  /** Add the working time since the last count. */
  #count() {
    const now = performance.now()
    this.#workedMs += Math.max(0, Math.min(now, this.#lastInputAt + WORKING_MS) - this.#countedAt)
    this.#countedAt = now
  }

  async #sendHeartbeat(isLast = false) {
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
    if (!answer) this.#workedMs += active_s * 1000 // Sent with the next heartbeat.
    else if (!isLast) {
      this.effort = answer.effort
      this.update(answer.others)
    }
  }
}

/** The message when others arrive. @param {string[]} names @returns {string} */
export function arrivalWords(names) {
  const work = names.length === 1 ? "works" : "work"
  return `${listed(names)} ${work} on this video too. ${SHARING_WORDS}`
}

export const SHARING_WORDS =
  "Edits of different tracks are merged. If both of you change the same track, the second one is asked; nothing is overwritten."
