/** Moving through the video. The picture moves at once; the canvas follows when the person rests. */

import { SELECT_FIRST } from "./editing.js"
import { spansOf } from "./spans.js"

const FOLLOW_MS = 140 // how long a held key must rest before the canvas follows

export class Navigation {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    /** @type {{ since: number, from: number } | null} */
    this.playing = null // since when, from which frame
    this.scrubbing = false
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.followTimer = undefined
    this.request = 0
  }

  destroy() {
    clearTimeout(this.followTimer)
    cancelAnimationFrame(this.request)
  }

  /** Nothing moves and nothing is about to. */
  get atRest() {
    return !this.playing && !this.scrubbing && !this.followTimer
  }

  /** @param {number} by @param {boolean} [held] by a key */
  step(by, held = false) {
    this.stop()
    this.show(this.a.shown + by, held)
  }

  /** @param {number} frame @param {boolean} [held] */
  show(frame, held = false) {
    if (this.a.drawing.drag) return
    this.stop()
    this.#display(frame)
    this.#followSoon(held ? FOLLOW_MS : 0)
  }

  /** @param {string} text */
  showTyped(text) {
    const { last } = this.a
    const frame = Number(text)
    const exists = text.trim() && Number.isInteger(frame) && frame >= 0 && frame <= last
    if (exists) this.show(frame)
    else this.a.say(`There is no such frame: this video has 0 to ${last}.`, true)
  }

  /** @param {number} frame */
  #display(frame) {
    const { a } = this
    const target = Math.min(Math.max(Math.round(frame), 0), a.last)
    if (target === a.shown) return
    a.edit.commit()
    a.direction = target > a.shown ? 1 : -1
    a.shown = target
    a.edit.confirming = null
    a.paint()
  }

  /** A held key was let go: the canvas need not wait any longer. */
  rest() {
    if (this.followTimer) this.#followSoon(0)
  }

  /** Stay where the picture is, now. */
  settle() {
    this.stop()
    this.rest()
  }

  /** @param {number} delay in milliseconds */
  #followSoon(delay) {
    const { a } = this
    clearTimeout(this.followTimer)
    this.followTimer = undefined
    if ((a.outbox.destination ?? a.feed?.visit.frame) === a.shown) return
    if (!delay) return a.edit.act("go")
    this.followTimer = setTimeout(() => this.#followSoon(0), delay)
  }

  /** @param {number} frame @param {boolean} dropped */
  scrub(frame, dropped) {
    if (this.a.drawing.drag) return
    this.stop()
    this.scrubbing = !dropped
    this.#display(frame)
    if (dropped) this.#followSoon(0)
  }

  togglePlay() {
    const { a } = this
    if (this.playing) return this.stop()
    if (a.drawing.drag) return
    if (a.shown >= a.last) this.#display(0)
    this.playing = { since: performance.now(), from: a.shown }
    this.#play()
    a.paint()
  }

  /** Every frame is shown; where the frames come slower than they should, time waits for them. */
  #play() {
    this.request = requestAnimationFrame((now) => {
      const { a } = this
      if (!this.playing) return
      const { since, from } = this.playing
      const due = from + Math.floor(((now - since) / 1000) * a.video.fps)
      if (due > a.shown) {
        if (a.frames.get(a.shown + 1)) this.#display(a.shown + 1)
        if (due > a.shown) this.playing = { since: now, from: a.shown }
      }
      if (a.shown >= a.last) this.stop()
      else this.#play()
    })
  }

  stop() {
    if (!this.playing) return
    cancelAnimationFrame(this.request)
    this.playing = null
    this.#followSoon(0)
    this.a.paint()
  }

  // ---- to where something is to be done --------------------------------------------------

  /** The tracks meant: the selected one, else all. */
  get #meant() {
    const { tracks } = this.a.boxes.document
    const mine = tracks.filter(({ id }) => id === this.a.selection.track)
    return mine.length ? mine : tracks
  }

  get #keys() {
    return this.#meant.flatMap((track) => track.keyframes.map(({ frame }) => frame)).sort((a, b) => a - b)
  }

  /** @param {number} direction */
  keyframe(direction) {
    const ahead = this.#keys.filter((frame) => (frame - this.a.shown) * direction > 0)
    if (!ahead.length) return this.a.say("No key frame on that side.")
    this.show(direction > 0 ? Math.min(...ahead) : Math.max(...ahead))
  }

  /** Halfway between the key frames around this one; after the last, halfway to the end. */
  midpoint() {
    const keys = this.#keys
    const left = keys.findLast((frame) => frame <= this.a.shown)
    const right = keys.find((frame) => frame > this.a.shown) ?? this.a.last
    if (left === undefined) return this.a.say("There is no key frame before this one yet.")
    if (right - left < 2) return this.a.say("There is no frame between these key frames.")
    this.show(Math.floor((left + right) / 2))
  }

  worst() {
    const frame = this.a.propagation.worst(this.#meant.map(({ id }) => id))
    if (frame !== null) return this.show(frame)
    this.a.say(
      this.a.propagation.pending
        ? "The boxes between are still being worked out. Ask again in a moment."
        : "No frame left that looks uncertain. Correct one, or press W again after the next change.",
    )
    this.a.propagation.looked.clear()
  }

  /** The first frame after this one without a box, and outside the fully labelled ranges. */
  unlabelled() {
    const { boxes, last } = this.a
    const { tracks, ranges } = boxes.document
    const count = last + 1
    const labelled = [...ranges, ...tracks.filter((t) => !t.proposed).flatMap((t) => spansOf(t, count))]
    labelled.sort(([a], [b]) => a - b)
    let frame = this.a.shown + 1
    for (const [start, stop] of labelled) if (start <= frame && frame < stop) frame = stop
    if (frame <= last) this.show(frame)
    else this.a.say("Every frame after this one has a box or is fully labelled.")
  }

  /** The nearest frame on which a track has a box. @param {number} track */
  toTrack(track) {
    const { shown, last } = this.a
    const near = spansOf(this.a.boxes.track(track) ?? { keyframes: [] }, last + 1)
      .map(([start, stop]) => Math.min(Math.max(shown, start), stop - 1))
      .sort((a, b) => Math.abs(a - shown) - Math.abs(b - shown))
    const [nearest] = near
    if (nearest !== undefined) this.show(nearest)
  }

  /**
   * The first or the last frame on which a track has a box.
   * @param {number | null | undefined} track
   * @param {number} side
   */
  trackEnd(track, side) {
    const found = this.a.boxes.track(track)
    if (!found) return this.a.say(SELECT_FIRST)
    const spans = spansOf(found, this.a.last + 1)
    const [start] = spans[0] ?? []
    const [, stop] = spans.at(-1) ?? []
    if (start !== undefined && stop !== undefined) this.show(side < 0 ? start : stop - 1)
  }
}
