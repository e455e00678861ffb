/** What the server tells: by the feed of this page, and by the API beside it. */

import { listed } from "./words.js"

/** @typedef {import("./box_store.js").FrameBox} FrameBox */
/** @typedef {{ name: string, color: string }} Label */
/**
 * @typedef {object} Feed what the server shows now; see `view.py`
 * @property {number} video
 * @property {number} frames known so far
 * @property {string} client whose acts are acknowledged
 * @property {number} acknowledged
 * @property {number} revision
 * @property {{ frame: number, sentinel: string }} visit
 * @property {[number, number] | null} stage the room that the server knows of
 * @property {{ width: number, height: number, frameWidth: number } | null} canvas
 * @property {FrameBox[]} boxes
 * @property {Label[]} labels
 * @property {string} label of the next box
 * @property {number[]} aside
 * @property {{ serial: number, text: string, again: boolean }} notice
 */

const SETTLE_MS = 3000

export class ServerSync {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    this.settledVisit = "" // the sentinel of the visit that the canvas has loaded
    this.unchecked = false // boxes were found anew, and not yet compared with the canvas's
    /** @type {string[]} */
    this.known = [] // people who were here at the last look
  }

  /** @param {Feed} feed */
  receive(feed) {
    const { a } = this
    if (feed.video !== a.video.id) return
    const before = a.feed
    a.feed = feed
    a.frames.frameCount = a.boxes.frameCount = feed.frames
    a.outbox.acknowledge(feed.client, feed.acknowledged)
    if (feed.canvas) a.frames.resize(feed.canvas.frameWidth)
    a.boxes.follow(feed.revision)
    a.propagation.follow(feed.revision)
    if (!before && String(feed.aside) !== String(a.visibility.aside)) a.visibility.tell(a.visibility.aside)
    if (feed.visit.sentinel !== before?.visit.sentinel) this.#enterVisit(feed)
    else a.drawing.update(a.here.withinReach(feed.boxes))
    if (before && feed.notice.serial !== before.notice.serial) this.#announce(feed.notice)
    this.#arrive(feed)
    this.#compare()
    a.paint()
  }

  /** @param {Feed["notice"]} notice */
  #announce({ text, again }) {
    if (again) this.a.offer(text, { text: "Do it again", run: () => this.a.edit.act("again") })
    else this.a.say(text, true)
  }

  /** Wait until the canvas has loaded the drawing of this visit, then let it be used. @param {Feed} feed */
  #enterVisit({ boxes, visit }) {
    const { a } = this
    this.settledVisit = ""
    a.drawing.reset(a.here.withinReach(boxes))
    const { sentinel } = visit
    const deadline = performance.now() + SETTLE_MS
    const look = () => {
      if (a.feed?.visit.sentinel !== sentinel) return
      if (!a.drawing.settled && performance.now() < deadline) return requestAnimationFrame(look)
      this.settledVisit = sentinel
      a.drawing.select(a.selection.track)
      a.screen.paintNow()
    }
    requestAnimationFrame(() => requestAnimationFrame(look))
  }

  /**
   * Everything asked for is done: show what the server shows, and keep it in the address.
   * @param {Feed} feed
   */
  #arrive(feed) {
    const { a } = this
    if (!a.outbox.empty || !a.go.atRest) return
    a.shown = feed.visit.frame
    const address = new URL(location.href)
    address.searchParams.set("frame", String(a.shown))
    history.replaceState(history.state, "", address)
  }

  /** Boxes between key frames were found anew. */
  derived() {
    this.unchecked = true
    this.a.boxes.forgetDerived()
    this.a.paint()
  }

  boxesCame() {
    this.#compare()
    this.a.paint()
  }

  /**
   * The canvas's boxes are those of the visit's beginning. Where propagation has moved one
   * since, the visit begins anew, as soon as the person is not at work.
   */
  #compare() {
    const { a } = this
    const { feed } = a
    if (!this.unchecked || !feed || !a.idle || a.boxes.revision !== feed.revision) return
    const fresh = a.boxes.on(a.shown)
    if (!fresh || !a.boxes.isFresh(a.shown)) return
    this.unchecked = false
    const now = new Map(fresh.map((box) => [box.track, box]))
    /** @param {FrameBox} box @param {FrameBox} found */
    const differs = (box, found) =>
      found.box.some((side, at) => Math.abs(side - (box.box[at] ?? 0)) > 0.5) ||
      Math.abs((found.uncertainty ?? 0) - (box.uncertainty ?? 0)) > 0.05
    const isOld = feed.boxes.some((box) => {
      const found = now.get(box.track)
      return !box.human && found && differs(box, found)
    })
    if (isOld) a.edit.act("go")
  }

  /** Somebody else has changed the video. @param {number} number */
  revision(number) {
    if (this.a.idle && number > (this.a.feed?.revision ?? number)) this.a.edit.act("go")
  }

  peopleCame() {
    const { a } = this
    const { others } = a.presence
    const came = others.filter((name) => !this.known.includes(name))
    this.known = others
    if (came.length) a.say(`${listed(came)} ${came.length === 1 ? "works" : "work"} on this video too. Whoever saves second is told what changed; nothing is overwritten.`)
    if (others.length) a.propagation.check()
    a.paint()
  }
}
