// What the person asked for and the server has not acknowledged yet, in order.

const RETRY_MS = 4000
const SILENCE_MS = 8000 // no answer for so long: say that nothing is saved
const UNIMPORTANT = new Set(["go", "label"]) // lost without harm when the page is closed

class Outbox {
  // `post` sends {client, acts}; all acts each time, so that none can be lost on the way.
  constructor(post) {
    this.post = post
    this.client = crypto.randomUUID?.() ?? String(Math.random())
    this.sequence = 0
    this.acts = []
    this.sentUpTo = 0
  }

  get empty() {
    return this.acts.length === 0
  }

  get unsaved() {
    return this.acts.some(({ kind }) => !UNIMPORTANT.has(kind))
  }

  // Acts after which the canvas will show something else; a commit changes nothing on it.
  get changing() {
    return this.acts.some(({ kind }) => kind !== "commit")
  }

  get destination() {
    return this.acts.findLast(({ kind }) => kind === "go")?.frame
  }

  get silent() {
    return !this.empty && performance.now() - this.askedAt > SILENCE_MS
  }

  add(kind, details) {
    const last = this.acts.at(-1)
    if (kind === "go" && last?.kind === "go" && last.seq > this.sentUpTo) this.acts.pop()
    if (this.empty) this.askedAt = performance.now()
    this.acts.push({ seq: ++this.sequence, kind, ...details })
    // One message at a time; what is drawn does not wait.
    if (this.acts.length === 1 || kind === "commit") this.send()
  }

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
