/**
 * Keeps the screen in sync with the server: loads the document, waits in a long poll for changes by
 * others and by propagation, and fetches only what changed.
 */

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./edit_request.js").Fetch} Fetch */
/** @typedef {import("./local_document.js").LocalDocument} LocalDocument */
/** @typedef {{revision: number, boxes_revision: number, frames: number, people: {username: string, seen_s: number}[]}} ServerChanges the answer of `/changes` */
/**
 * @typedef {object} SyncListener
 * @property {() => boolean} mayApply false while edits are being sent: their answers come first
 * @property {(changes: ServerChanges) => void} polled
 * @property {() => void} boxesChanged boxes between key frames have changed
 * @property {() => void} annotationsChanged the annotations have changed, but not the boxes between
 * @property {(status: number) => void} responded the status of a poll; 0 without an answer
 */

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 15_000
const TIMEOUT_MS = 40_000 // the server answers a poll after 25 s at most
const POLL_PAUSE_MS = 500
const DEBOUNCE_MS = 600

export class ServerSync {
  /** The revisions of the last poll. */ #polled = { revision: -1, boxes: -1 }
  #abort = new AbortController()
  #isClosed = false
  #isPolling = false
  /** Whether the document must be fetched even without a newer revision. */ #mustRefresh = false
  /** @type {Promise<void> | null} */ #catchingUp = null
  #failures = 0
  #cancelPause = () => {}
  #cancelNotify = () => {}
  #boxesChanged = false

  /**
   * @param {string} api root of the video's routes
   * @param {LocalDocument} document
   * @param {{fetch: Fetch, clock: Clock}} environment
   * @param {SyncListener} on
   */
  constructor(api, document, { fetch, clock }, on) {
    this.api = api
    this.document = document
    this.fetch = fetch
    this.clock = clock
    this.on = on
  }

  /** Start polling, or resume after `stop`. */
  async start() {
    if (this.#isClosed || this.#isPolling) return
    this.#isPolling = true
    this.#abort = new AbortController()
    const { signal } = this.#abort
    while (!signal.aborted) await this.#poll(signal)
  }

  /** Stop polling until `start`. */
  stop() {
    this.#isPolling = false
    this.#abort.abort()
    this.#cancelPause()
  }

  close() {
    this.#isClosed = true
    this.#cancelNotify()
    this.stop()
  }

  /** Fetch what the document lacks, once no edit is being sent. @returns {Promise<void>} */
  catchUp() {
    this.#catchingUp ??= this.#catchUp().finally(() => (this.#catchingUp = null))
    return this.#catchingUp
  }

  /** Fetch the newest state without waiting for a poll. */
  refresh() {
    this.#mustRefresh = true
    return this.catchUp()
  }

  async #catchUp() {
    while (!this.#isClosed && this.#isBehind && this.on.mayApply() && (await this.#fetchChanges()));
  }

  get #isBehind() {
    if (this.#mustRefresh) return true
    return this.document.newestRevision > this.document.revision || this.#polled.revision > this.document.revision
  }

  /** @param {AbortSignal} signal stops the polling */
  async #poll(signal) {
    const { revision, boxes } = this.#polled
    const query = revision < 0 ? "" : `?since=${revision}&boxes_since=${boxes}`
    const response = await this.#requestWithTimeout(`/changes${query}`, signal)
    const answer = response && (await contentOf(response))
    if (signal.aborted) return
    // A proxy may answer instead of the server; such an answer does not count.
    const isOurs = response && answer && (response.ok || answer.error)
    this.on.responded(isOurs ? response.status : 0)
    if (!isOurs || !response.ok) {
      return this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, MAX_PAUSE_MS))
    }
    this.#failures = 0
    this.#handle(answer)
    // The pause combines several changes, such as the user's own edits, in one poll.
    return this.#pause(POLL_PAUSE_MS)
  }

  /** `#request` with a timeout: after a laptop has slept, its connections are dead. @param {string} path @param {AbortSignal} signal */
  async #requestWithTimeout(path, signal) {
    const limit = new AbortController()
    const cancel = this.clock.after(TIMEOUT_MS, () => limit.abort())
    const response = await this.#request(path, AbortSignal.any([signal, limit.signal]))
    cancel()
    return response
  }

  /** @param {ServerChanges} changes */
  #handle(changes) {
    const isFirst = this.#polled.revision < 0
    this.#boxesChanged ||= !isFirst && this.#polled.boxes !== changes.boxes_revision
    const hasChanged = this.#boxesChanged || this.#polled.revision !== changes.revision
    this.#polled = { revision: changes.revision, boxes: changes.boxes_revision }
    this.on.polled(changes)
    void this.catchUp()
    if (hasChanged) this.#notifySoon()
  }

  /** Notify the listener after a pause, because changes often come in series. */
  #notifySoon() {
    this.#cancelNotify()
    this.#cancelNotify = this.clock.after(DEBOUNCE_MS, () => {
      if (this.#boxesChanged) this.on.boxesChanged()
      else this.on.annotationsChanged()
      this.#boxesChanged = false
    })
  }

  async #fetchChanges() {
    const since = this.document.revision
    const response = await this.#request(since < 0 ? "/annotations" : `/annotations?since=${since}`)
    if (response?.status === 409) return this.#fetchAll()
    const answer = response?.ok ? await contentOf(response) : null
    if (!answer) return false
    // A late answer must not be applied before that of an edit sent in the meantime.
    if (!this.on.mayApply()) return false
    this.#mustRefresh = false
    if (since < 0) this.document.replace(answer)
    else this.document.applyChanges(answer)
    return this.document.revision > since
  }

  async #fetchAll() {
    const response = await this.#request("/annotations")
    const answer = response?.ok ? await contentOf(response) : null
    if (!answer) return false
    this.#mustRefresh = false
    this.document.replace(answer)
    return true
  }

  /** @param {string} path @param {AbortSignal} [signal] */
  async #request(path, signal) {
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

  /** End the pause: the network or the user is back. */
  wake() {
    this.#cancelPause()
  }
}

/** The JSON of an answer; null if it is incomplete or not JSON. @param {Response} response */
function contentOf(response) {
  return response.json().catch(() => null)
}
