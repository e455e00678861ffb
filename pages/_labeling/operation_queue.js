/**
 * Sends the edits of one user in one video: in order, one at a time, each stored before it is sent
 * and until the server has answered. Sending one twice is harmless, because the server knows its
 * batch.
 */

import { sendEntry } from "./edit_request.js"
import { OwnedEntries } from "./owned_entries.js"

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./edit_request.js").Fetch} Fetch */
/** @typedef {import("./edit_request.js").Outcome} Outcome */
/** @typedef {import("./edit_request.js").Saved} Saved */
/** @typedef {import("./owned_entries.js").Step} Step */
/** @typedef {import("./queue_records.js").Entry} Entry */
/** @typedef {import("./queue_store.js").QueueStore} QueueStore */
/**
 * @typedef {object} Environment the queue's dependencies
 * @property {QueueStore} store
 * @property {Fetch} fetch
 * @property {string} api the root of the API
 * @property {Clock} clock
 * @property {() => number} random 0..1
 */
/**
 * @typedef {object} QueueListener
 * @property {() => void} changed the state, or the waiting or rejected entries
 * @property {(entry: Entry) => void} adopted an edit of a closed tab
 * @property {(entry: Entry, answer: Saved) => void} saved
 * @property {(entry: Entry, sentence: string) => void} dropped this tab will not do it; the
 *   sentence is empty if another tab does it, or if it is listed as rejected
 */
/** @typedef {"idle" | "sending" | "retrying" | "signed_out" | "no_access" | "other_user"} State */

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 15_000
const TIMEOUT_MS = 30_000
const CLAIM_MS = 2000
const CHECK_USER_MS = 5000
const STOPPED = new Set(["signed_out", "no_access", "other_user"])

export class OperationQueue {
  /** @type {State} */ state = "idle"
  #failures = 0
  #isRunning = false
  #isClosed = false
  /** @type {(() => void) | null} */ #cancelPause = null
  #cancelClaim = () => {}

  /**
   * @param {Environment} environment
   * @param {import("./owned_entries.js").User} user
   * @param {import("./owned_entries.js").Video} video
   * @param {QueueListener} on
   */
  constructor(environment, user, video, on) {
    this.environment = environment
    this.user = user
    this.on = on
    const { store, clock } = environment
    this.entries = new OwnedEntries(store, clock, user, video, {
      changed: () => on.changed(),
      adopted: (entry) => on.adopted(entry),
      lost: (entry) => on.dropped(entry, ""),
    })
  }

  /** The number of edits waiting in all tabs of this browser. */
  get waiting() {
    return this.entries.waiting.length + this.entries.elsewhere
  }

  /** Entries that were not done and not dismissed yet. */
  get rejected() {
    return this.entries.rejected
  }

  /** Adopt the entries of closed tabs, and start sending. */
  async start() {
    this.#isClosed = false
    await this.entries.claim()
    this.#scheduleClaim()
    void this.#run()
  }

  /** Stop sending; another tab may adopt the remaining entries at once. */
  async close() {
    this.#isClosed = true
    this.#cancelClaim()
    this.#cancelPause?.()
    this.#cancelPause = null
    await this.entries.release()
  }

  /** Add a step of the user. @param {Step} step @returns {Entry} */
  add(step) {
    const [entry, stored] = this.entries.add(step)
    void stored.then(() => this.#run())
    return entry
  }

  /**
   * Send rejected edits again, based on another revision.
   * @param {string[]} batches @param {number} revision
   * @returns {Entry[]}
   */
  retry(batches, revision) {
    const [fresh, stored] = this.entries.retry(batches, revision)
    void stored.then(() => this.#run())
    return fresh
  }

  /** Forget rejected entries. @param {string[]} batches */
  dismiss(batches) {
    return this.entries.dismiss(batches)
  }

  /** Retry now: the network or the user is back. */
  wake() {
    if (!this.#cancelPause) return
    this.#cancelPause()
    this.#cancelPause = null
    if (STOPPED.has(this.state)) void this.#checkUser()
    else void this.#run()
  }

  #scheduleClaim() {
    this.#cancelClaim = this.environment.clock.after(CLAIM_MS, async () => {
      await this.entries.claim()
      if (this.#isClosed) return
      this.#scheduleClaim()
      void this.#run()
    })
  }

  async #run() {
    if (this.#isRunning || this.#isClosed || this.#cancelPause) return
    this.#isRunning = true
    try {
      while (await this.#sendNext());
    } finally {
      this.#isRunning = false
    }
  }

  /** Send one entry; true if the next one may follow at once. */
  async #sendNext() {
    if (this.entries.waiting.length) await this.entries.claim()
    const [entry] = this.entries.waiting
    if (this.#isClosed) return false
    if (!entry) {
      this.#setState("idle")
      return false
    }
    if (this.state === "idle") this.#setState("sending")
    return this.#handle(entry, await this.#send(entry))
  }

  /** @param {Entry} entry */
  async #send(entry) {
    const { fetch, api, clock } = this.environment
    const limit = new AbortController()
    const cancel = clock.after(TIMEOUT_MS, () => limit.abort())
    try {
      return await sendEntry(fetch, api, entry, limit.signal)
    } finally {
      cancel()
    }
  }

  /** @param {Entry} entry @param {Outcome} outcome */
  async #handle(entry, outcome) {
    if (outcome.kind === "later") {
      this.#setState("retrying")
      this.#pause(outcome.pauseMs ?? this.#nextPause(), () => this.#run())
      return false
    }
    this.#failures = 0
    if (outcome.kind === "stopped") {
      this.#setState(outcome.why)
      this.#pause(CHECK_USER_MS, () => this.#checkUser())
      return false
    }
    this.#setState("sending")
    await this.#finish(entry, outcome)
    return true
  }

  /** @param {Entry} entry @param {Exclude<Outcome, {kind: "later"} | {kind: "stopped"}>} outcome */
  async #finish(entry, outcome) {
    if (outcome.kind === "saved") {
      this.on.saved(entry, outcome)
      return this.entries.saved(entry, outcome.tracks)
    }
    this.on.dropped(entry, outcome.kind === "nothing" ? outcome.sentence : "")
    if (outcome.kind === "nothing") return this.entries.saved(entry, {})
    return this.entries.reject(entry, outcome.state, outcome.sentence)
  }

  #nextPause() {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, MAX_PAUSE_MS)
    return pause * (0.5 + this.environment.random() / 2)
  }

  /** @param {number} ms @param {() => Promise<void>} then */
  #pause(ms, then) {
    if (this.#isClosed) return
    this.#cancelPause = this.environment.clock.after(ms, () => {
      this.#cancelPause = null
      void then()
    })
  }

  /** After a stop: resume once the user who made the edits is signed in again. */
  async #checkUser() {
    const userId = await this.#signedIn()
    if (this.#isClosed) return
    if (userId === this.user.id) return void this.#run()
    if (userId === 0) this.#setState("signed_out")
    else if (userId !== null) this.#setState("other_user")
    this.#pause(CHECK_USER_MS, () => this.#checkUser())
  }

  /** The id of the signed-in user: 0 for nobody, null if unknown. */
  async #signedIn() {
    const { fetch, api } = this.environment
    try {
      const response = await fetch(`${api}/auth/user`)
      if (response.status === 401) return 0
      return response.ok ? /** @type {number} */ ((await response.json()).id) : null
    } catch {
      return null // No connection.
    }
  }

  /** @param {State} state */
  #setState(state) {
    if (this.state === state) return
    this.state = state
    this.on.changed()
  }
}
