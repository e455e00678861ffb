/** What the person asked for and the server has not acknowledged yet, in order. */

/**
 * @typedef {object} Act what the person asked for; see `acts.py`
 * @property {number} seq
 * @property {string} kind
 * @property {number} frame where the person was
 * @property {number} [track]
 * @property {number} [other]
 * @property {number[]} [tracks]
 * @property {string} [name]
 * @property {string} [color]
 * @property {number} [start]
 * @property {number} [stop]
 * @property {boolean} [occluded]
 * @property {import("./box_store.js").Xyxy} [box]
 */

export const RETRY_MS = 4000
const SILENCE_MS = 8000 // no answer for so long: say that nothing is saved
const UNIMPORTANT = new Set(["go", "label"]) // lost without harm when the page is closed

export class Outbox {
  /**
   * `post` sends {client, acts}; all acts each time, so that none can be lost on the way.
   * @param {(message: { client: string, acts: Act[] }) => void} post
   */
  constructor(post) {
    this.post = post
    this.client = crypto.randomUUID?.() ?? String(Math.random())
    this.sequence = 0
    /** @type {Act[]} */
    this.acts = []
    this.sentUpTo = 0
    this.sentAt = 0
    this.askedAt = 0 // since when an answer is due
  }

  get empty() {
    return this.acts.length === 0
  }

  get unsaved() {
    return this.acts.some(({ kind }) => !UNIMPORTANT.has(kind))
  }

  /** Acts after which the canvas will show something else; a commit changes nothing on it. */
  get changing() {
    return this.acts.some(({ kind }) => kind !== "commit")
  }

  get destination() {
    return this.acts.findLast(({ kind }) => kind === "go")?.frame
  }

  get silent() {
    return !this.empty && performance.now() - this.askedAt > SILENCE_MS
  }

  /** @param {string} kind @param {Omit<Act, "seq" | "kind">} details */
  add(kind, details) {
    const last = this.acts.at(-1)
    if (kind === "go" && last?.kind === "go" && last.seq > this.sentUpTo) this.acts.pop()
    if (this.empty) this.askedAt = performance.now()
    this.acts.push({ seq: ++this.sequence, kind, ...details })
    // One message at a time; what is drawn does not wait.
    if (this.acts.length === 1 || kind === "commit") this.send()
  }

  /** @param {string} client @param {number} seq the last act that is done */
  acknowledge(client, seq) {
    if (client !== this.client) return
    const before = this.acts.length
    this.acts = this.acts.filter((act) => act.seq > seq)
    if (this.acts.length !== before) this.askedAt = performance.now()
    if (this.acts.some((act) => act.seq > this.sentUpTo)) this.send()
  }

  send() {
    this.sentUpTo = this.sequence
    this.sentAt = performance.now()
    const { client, acts } = this
    // Called inside a render, a state change would stick: leave the call stack first.
    setTimeout(() => this.post({ client, acts }))
  }

  retry() {
    if (!this.empty && performance.now() - this.sentAt > RETRY_MS) this.send()
  }
}
