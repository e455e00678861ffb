/**
 * Sends the edits of one person in one video: in order, one at a time, each kept in the store
 * before it is sent and until the server has answered. Sending one twice is harmless, because
 * the server knows its batch.
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
 * @typedef {object} Surroundings
 * @property {QueueStore} store
 * @property {Fetch} fetch
 * @property {string} api the root of the API
 * @property {Clock} clock
 * @property {() => number} random 0..1
 */
/**
 * @typedef {object} QueueListener
 * @property {() => void} changed the state, or what waits or was rejected
 * @property {(entry: Entry) => void} adopted an edit that another tab left
 * @property {(entry: Entry, answer: Saved) => void} saved
 * @property {(entry: Entry, sentence: string) => void} dropped it will not be done from this tab;
 *   the sentence is empty where another tab does it, or where it is listed as rejected
 */
/** @typedef {"idle" | "sending" | "retrying" | "signed_out" | "no_access" | "other_user"} State */

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
const ANSWER_MS = 30_000
const BEAT_MS = 2000
const ASK_USER_MS = 5000
const STOPPED = new Set(["signed_out", "no_access", "other_user"])

export class OperationQueue {
  /** @type {State} */ state = "idle"
  #failures = 0
  #isRunning = false
  #isClosed = false
  /** @type {(() => void) | null} */ #cancelPause = null
  #cancelBeat = () => {}

  /**
   * @param {Surroundings} surroundings
   * @param {import("./owned_entries.js").User} user
   * @param {import("./owned_entries.js").Video} video
   * @param {QueueListener} on
   */
  constructor(surroundings, user, video, on) {
    this.surroundings = surroundings
    this.user = user
    this.on = on
    const { store, clock } = surroundings
    this.entries = new OwnedEntries(store, clock, user, video, {
      changed: () => on.changed(),
      adopted: (entry) => on.adopted(entry),
      lost: (entry) => on.dropped(entry, ""),
    })
  }

  /** How many edits every tab of this browser together has to send. */
  get waiting() {
    return this.entries.waiting.length + this.entries.elsewhere
  }

  /** What was not done, and the person has not seen yet why. */
  get rejected() {
    return this.entries.rejected
  }

  /** Take over what closed tabs left, and begin to send. */
  async start() {
    this.#isClosed = false
    await this.entries.claim()
    this.#beat()
    void this.#run()
  }

  /** The tab closes: another one may send at once what is left. */
  async close() {
    this.#isClosed = true
    this.#cancelBeat()
    this.#cancelPause?.()
    this.#cancelPause = null
    await this.entries.leave()
  }

  /** One more step of this person. @param {Step} step @returns {Entry} */
  add(step) {
    const [entry, stored] = this.entries.add(step)
    void stored.then(() => this.#run())
    return entry
  }

  /**
   * Do rejected edits again, on top of what is seen now.
   * @param {string[]} batches @param {number} revision
   * @returns {Entry[]}
   */
  again(batches, revision) {
    const [fresh, stored] = this.entries.again(batches, revision)
    void stored.then(() => this.#run())
    return fresh
  }

  /** The person has seen why these were not done. @param {string[]} batches */
  dismiss(batches) {
    return this.entries.dismiss(batches)
  }

  /** Something may be better now: the network is there again, or the person is back. */
  wake() {
    if (!this.#cancelPause) return
    this.#cancelPause()
    this.#cancelPause = null
    if (STOPPED.has(this.state)) void this.#askUser()
    else void this.#run()
  }

  #beat() {
    this.#cancelBeat = this.surroundings.clock.after(BEAT_MS, async () => {
      await this.entries.claim()
      if (this.#isClosed) return
      this.#beat()
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

  /** True when the next one may follow at once. */
  async #sendNext() {
    if (this.entries.waiting.length) await this.entries.claim()
    const [entry] = this.entries.waiting
    if (this.#isClosed) return false
    if (!entry) {
      this.#become("idle")
      return false
    }
    if (this.state === "idle") this.#become("sending")
    return this.#take(entry, await this.#send(entry))
  }

  /** @param {Entry} entry */
  async #send(entry) {
    const { fetch, api, clock } = this.surroundings
    const limit = new AbortController()
    const cancel = clock.after(ANSWER_MS, () => limit.abort())
    try {
      return await sendEntry(fetch, api, entry, limit.signal)
    } finally {
      cancel()
    }
  }

  /** @param {Entry} entry @param {Outcome} outcome */
  async #take(entry, outcome) {
    if (outcome.kind === "later") {
      this.#become("retrying")
      this.#pause(outcome.pauseMs ?? this.#nextPause(), () => this.#run())
      return false
    }
    this.#failures = 0
    if (outcome.kind === "stopped") {
      this.#become(outcome.why)
      this.#pause(ASK_USER_MS, () => this.#askUser())
      return false
    }
    this.#become("sending")
    await this.#settle(entry, outcome)
    return true
  }

  /** @param {Entry} entry @param {Exclude<Outcome, {kind: "later"} | {kind: "stopped"}>} outcome */
  async #settle(entry, outcome) {
    if (outcome.kind === "saved") {
      this.on.saved(entry, outcome)
      return this.entries.saved(entry, outcome.tracks)
    }
    this.on.dropped(entry, outcome.kind === "nothing" ? outcome.sentence : "")
    if (outcome.kind === "nothing") return this.entries.saved(entry, {})
    return this.entries.reject(entry, outcome.state, outcome.sentence)
  }

  #nextPause() {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS)
    return pause * (0.5 + this.surroundings.random() / 2)
  }

  /** @param {number} ms @param {() => Promise<void>} then */
  #pause(ms, then) {
    if (this.#isClosed) return
    this.#cancelPause = this.surroundings.clock.after(ms, () => {
      this.#cancelPause = null
      void then()
    })
  }

  /** After a stop: go on when the person who made the edits is signed in again. */
  async #askUser() {
    const userId = await this.#signedIn()
    if (this.#isClosed) return
    if (userId === this.user.id) return void this.#run()
    if (userId === 0) this.#become("signed_out")
    else if (userId !== null) this.#become("other_user")
    this.#pause(ASK_USER_MS, () => this.#askUser())
  }

  /** The id of the person who is signed in: 0 for nobody, null where that cannot be told. */
  async #signedIn() {
    const { fetch, api } = this.surroundings
    try {
      const response = await fetch(`${api}/auth/user`)
      if (response.status === 401) return 0
      return response.ok ? /** @type {number} */ ((await response.json()).id) : null
    } catch {
      return null // No connection: nothing is known.
    }
  }

  /** @param {State} state */
  #become(state) {
    if (this.state === state) return
    this.state = state
    this.on.changed()
  }
}
