/**
 * Keeps the screen in step with the server: loads what it begins with, waits in a long poll for
 * what others and propagation do, and fetches no more than what changed.
 */

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./edit_request.js").Fetch} Fetch */
/** @typedef {import("./local_document.js").LocalDocument} LocalDocument */
/** @typedef {{revision: number, boxes_revision: number, frames: number, people: {username: string, seen_s: number}[]}} News */
/**
 * @typedef {object} SyncListener
 * @property {() => boolean} mayTake false while edits are on their way: their answers come first
 * @property {(news: News) => void} told how many frames there are, and who is here
 * @property {() => void} boxesMoved boxes between key frames were found anew
 * @property {() => void} edited the annotations are others now
 * @property {(status: number) => void} reached how the server answered a poll; 0 where it did not
 */

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
const ANSWER_MS = 40_000 // the server answers a poll after 25 s at most
const BETWEEN_MS = 500
const QUIET_MS = 600

export class ServerSync {
  /** What the last poll told. */ #told = { revision: -1, boxes: -1 }
  #abort = new AbortController()
  #isClosed = false
  #isListening = false
  /** Somebody else has changed what is seen here. */ #isDoubted = false
  /** @type {Promise<void> | null} */ #catchingUp = null
  #failures = 0
  #cancelPause = () => {}
  #cancelQuiet = () => {}
  #boxesMoved = false

  /**
   * @param {string} api root of the video's routes
   * @param {LocalDocument} document
   * @param {{fetch: Fetch, clock: Clock}} surroundings
   * @param {SyncListener} on
   */
  constructor(api, document, { fetch, clock }, on) {
    this.api = api
    this.document = document
    this.fetch = fetch
    this.clock = clock
    this.on = on
  }

  /** Begin to listen, or go on after `rest`. */
  async start() {
    if (this.#isClosed || this.#isListening) return
    this.#isListening = true
    this.#abort = new AbortController()
    const { signal } = this.#abort
    while (!signal.aborted) await this.#poll(signal)
  }

  /** Nobody looks: ask nothing until `start`. */
  rest() {
    this.#isListening = false
    this.#abort.abort()
    this.#cancelPause()
  }

  close() {
    this.#isClosed = true
    this.#cancelQuiet()
    this.rest()
  }

  /** Fetch what the document lacks, as soon as no edit is on its way. @returns {Promise<void>} */
  catchUp() {
    this.#catchingUp ??= this.#catchUp().finally(() => (this.#catchingUp = null))
    return this.#catchingUp
  }

  /** Fetch what there is now, though no poll has told of anything yet. */
  refresh() {
    this.#isDoubted = true
    return this.catchUp()
  }

  async #catchUp() {
    while (!this.#isClosed && this.#isBehind && this.on.mayTake() && (await this.#fetchChanges()));
  }

  get #isBehind() {
    if (this.#isDoubted) return true
    return this.document.wantedRevision > this.document.revision || this.#told.revision > this.document.revision
  }

  /** @param {AbortSignal} signal ends the listening */
  async #poll(signal) {
    const { revision, boxes } = this.#told
    const seen = revision < 0 ? "" : `?since=${revision}&boxes_since=${boxes}`
    const response = await this.#askInTime(`/changes${seen}`, signal)
    const answer = response && (await contentOf(response))
    if (signal.aborted) return
    // A proxy may answer in the server's place: what is no answer of ours is none.
    const isOurs = response && answer && (response.ok || answer.error)
    this.on.reached(isOurs ? response.status : 0)
    if (!isOurs || !response.ok) {
      return this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS))
    }
    this.#failures = 0
    this.#take(answer)
    // One's own edits are news too: they come in rows, and are heard of together.
    return this.#pause(BETWEEN_MS)
  }

  /** As `#ask`, given up when no answer comes: a laptop that slept has connections that are dead. @param {string} path @param {AbortSignal} signal */
  async #askInTime(path, signal) {
    const limit = new AbortController()
    const cancel = this.clock.after(ANSWER_MS, () => limit.abort())
    const response = await this.#ask(path, AbortSignal.any([signal, limit.signal]))
    cancel()
    return response
  }

  /** @param {News} news */
  #take(news) {
    const isFirst = this.#told.revision < 0
    this.#boxesMoved ||= !isFirst && this.#told.boxes !== news.boxes_revision
    const isNews = this.#boxesMoved || this.#told.revision !== news.revision
    this.#told = { revision: news.revision, boxes: news.boxes_revision }
    this.on.told(news)
    void this.catchUp()
    if (isNews) this.#lookSoon()
  }

  /** Changes come in rows: look when it has been quiet for a moment. */
  #lookSoon() {
    this.#cancelQuiet()
    this.#cancelQuiet = this.clock.after(QUIET_MS, () => {
      if (this.#boxesMoved) this.on.boxesMoved()
      else this.on.edited()
      this.#boxesMoved = false
    })
  }

  async #fetchChanges() {
    const since = this.document.revision
    const response = await this.#ask(since < 0 ? "/annotations" : `/annotations?since=${since}`)
    if (response?.status === 409) return this.#fetchAll()
    const answer = response?.ok ? await contentOf(response) : null
    if (!answer) return false
    // An answer that came late must not jump ahead of an edit that was sent meanwhile.
    if (!this.on.mayTake()) return false
    this.#isDoubted = false
    if (since < 0) this.document.take(answer)
    else this.document.takeChanges(answer)
    return this.document.revision > since
  }

  async #fetchAll() {
    const response = await this.#ask("/annotations")
    const answer = response?.ok ? await contentOf(response) : null
    if (!answer) return false
    this.#isDoubted = false
    this.document.take(answer)
    return true
  }

  /** @param {string} path @param {AbortSignal} [signal] */
  async #ask(path, signal) {
    try {
      return await this.fetch(this.api + path, { signal: signal ?? null })
    } catch {
      return null // No connection: the next poll tries again.
    }
  }

  /** @param {number} ms @returns {Promise<void>} */
  #pause(ms) {
    return new Promise((resolve) => {
      const cancel = this.clock.after(ms, resolve)
      this.#cancelPause = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Something may be better now: do not wait for the end of the pause. */
  wake() {
    this.#cancelPause()
  }
}

/** The JSON of an answer; null where it broke off or is none. @param {Response} response */
function contentOf(response) {
  return response.json().catch(() => null)
}
