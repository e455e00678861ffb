/** Moving through the video. */

import { SELECT_FIRST } from "./editing.js"
import { spansOf } from "./spans.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./operations.js").TrackRef} TrackRef */

const ADDRESS_MS = 400 // browsers limit address changes to 100 in 30 s

export class Navigation {
  /** @type {{request: number, since: number} | null} */ playing = null
  scrubbing = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #addressTimer
  #addressUpdatedAt = -ADDRESS_MS

  /** @param {Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  destroy() {
    this.#updateAddress()
    if (this.playing) cancelAnimationFrame(this.playing.request)
  }

  /** False while playing or scrubbing. */
  get isPaused() {
    return !this.playing && !this.scrubbing
  }

  /** @param {number} by */
  step(by) {
    this.stop()
    this.show(this.a.shown + by)
  }

  /** @param {number} frame */
  show(frame) {
    if (this.a.drawing.drag) return
    this.stop()
    this.#display(frame)
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
    a.direction = target > a.shown ? 1 : -1
    a.shown = target
    a.edit.confirming = null
    this.#updateAddressSoon()
    a.paint()
  }

  #updateAddressSoon() {
    clearTimeout(this.#addressTimer)
    const wait = this.#addressUpdatedAt + ADDRESS_MS - performance.now()
    if (wait <= 0) this.#updateAddress()
    else this.#addressTimer = setTimeout(() => this.#updateAddress(), wait)
  }

  /** Keep the frame in the address for a reload, a bookmark or a new tab. */
  #updateAddress() {
    clearTimeout(this.#addressTimer)
    this.#addressUpdatedAt = performance.now()
    const address = new URL(location.href)
    if (address.searchParams.get("video") !== String(this.a.video.id)) return
    address.searchParams.set("frame", String(this.a.shown))
    history.replaceState(history.state, "", address)
  }

  /** @param {number} frame @param {boolean} dropped */
  scrub(frame, dropped) {
    if (this.a.drawing.drag) return
    this.stop()
    this.scrubbing = !dropped
    this.#display(frame)
    this.a.paint()
  }

  togglePlay() {
    const { a } = this
    if (this.playing) return this.stop()
    if (a.drawing.drag) return
    if (a.shown >= a.last) this.#display(0)
    this.playing = { request: 0, since: performance.now() }
    this.#play(this.playing)
    a.paint()
  }

  /** Show every frame for its length; if frames load too slowly, playback slows down. @param {NonNullable<Navigation["playing"]>} playing */
  #play(playing) {
    playing.request = requestAnimationFrame((now) => {
      const { a } = this
      const length = a.times.lengthOf(a.shown) * 1000
      if (now - playing.since >= length && a.frames.get(a.shown + 1)) {
        this.#display(a.shown + 1)
        playing.since = Math.max(playing.since + length, now - length)
      }
      if (a.shown >= a.last) this.stop()
      else this.#play(playing)
    })
  }

  stop() {
    if (!this.playing) return
    cancelAnimationFrame(this.playing.request)
    this.playing = null
    this.a.paint()
  }

  // ---- to frames that need work --------------------------------------------------

  /** The selected track, otherwise all tracks. */
  get #tracks() {
    const { tracks } = this.a.annotations.document
    const selected = tracks.filter(({ id }) => id === this.a.selection.track)
    return selected.length ? selected : tracks
  }

  get #keys() {
    return this.#tracks.flatMap((track) => track.keyframes.map(({ frame }) => frame)).sort((a, b) => a - b)
  }

  /** @param {1 | -1} direction */
  keyframe(direction) {
    const ahead = this.#keys.filter((frame) => (frame - this.a.shown) * direction > 0)
    const next = direction > 0 ? ahead[0] : ahead.at(-1)
    if (next === undefined) this.a.say(direction > 0 ? "There is no key frame after this one." : "There is no key frame before this one.")
    else this.show(next)
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
    const { propagation } = this.a
    const frame = propagation.worst(this.#tracks.map(({ id }) => id))
    if (frame !== null) return this.show(frame)
    this.a.say(
      propagation.pending
        ? "The boxes between key frames are still being computed. Try again in a moment."
        : "No uncertain frame is left. Correct a frame, or press W again to start over.",
    )
    propagation.suggested.clear()
  }

  /** The first frame after this one without a box, and outside the fully labelled ranges. */
  unlabelled() {
    const { annotations, last } = this.a
    const { tracks, ranges } = annotations.document
    const labelled = [...ranges, ...tracks.filter((t) => !t.proposed).flatMap((t) => spansOf(t, last + 1))]
    labelled.sort(([a], [b]) => a - b)
    let frame = this.a.shown + 1
    for (const [start, stop] of labelled) if (start <= frame && frame < stop) frame = stop
    if (frame <= last) this.show(frame)
    else this.a.say("Every frame after this one has a box or is fully labelled.")
  }

  /** The nearest frame on which a track has a box. @param {TrackRef} track */
  toTrack(track) {
    const { shown } = this.a
    const [nearest] = this.#spans(track)
      .map(([start, stop]) => Math.min(Math.max(shown, start), stop - 1))
      .sort((a, b) => Math.abs(a - shown) - Math.abs(b - shown))
    if (nearest !== undefined) this.show(nearest)
  }

  /** The first or the last frame on which a track has a box. @param {TrackRef | undefined} track @param {1 | -1} side */
  trackEnd(track, side) {
    if (!track) return this.a.say(SELECT_FIRST)
    const spans = this.#spans(track)
    const [first, last] = [spans[0], spans.at(-1)]
    if (first && last) this.show(side < 0 ? first[0] : last[1] - 1)
  }

  /** @param {TrackRef} track */
  #spans(track) {
    const found = this.a.annotations.document.track(track)
    return found ? spansOf(found, this.a.last + 1) : []
  }
}
