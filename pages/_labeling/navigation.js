// Moving through the video. The picture moves at once; the canvas follows when the person rests.

const FOLLOW_MS = 140 // how long a held key must rest before the canvas follows

class Navigation {
  constructor(annotator) {
    this.a = annotator
    this.playing = null
    this.scrubbing = false
  }

  destroy() {
    clearTimeout(this.followTimer)
    cancelAnimationFrame(this.playing?.request)
  }

  // Nothing moves and nothing is about to.
  get atRest() {
    return !this.playing && !this.scrubbing && !this.followTimer
  }

  step(by, held = false) {
    this.stop()
    this.show(this.a.shown + by, held)
  }

  show(frame, held = false) {
    if (this.a.surface.drag) return
    this.stop()
    this.#display(frame)
    this.#followSoon(held ? FOLLOW_MS : 0)
  }

  showTyped(text) {
    const { last } = this.a
    const frame = Number(text)
    const exists = text.trim() && Number.isInteger(frame) && frame >= 0 && frame <= last
    if (exists) this.show(frame)
    else this.a.say(`There is no such frame: this video has 0 to ${last}.`, true)
  }

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

  // A held key was let go: the canvas need not wait any longer.
  rest() {
    if (this.followTimer) this.#followSoon(0)
  }

  // Stay where the picture is, now.
  settle() {
    this.stop()
    this.rest()
  }

  #followSoon(delay) {
    const { a } = this
    clearTimeout(this.followTimer)
    this.followTimer = null
    if ((a.outbox.destination ?? a.feed?.visit.frame) === a.shown) return
    if (!delay) return a.edit.act("go")
    this.followTimer = setTimeout(() => this.#followSoon(0), delay)
  }

  scrub(frame, dropped) {
    if (this.a.surface.drag) return
    this.stop()
    this.scrubbing = !dropped
    this.#display(frame)
    if (dropped) this.#followSoon(0)
  }

  togglePlay() {
    const { a } = this
    if (this.playing) return this.stop()
    if (a.surface.drag) return
    if (a.shown >= a.last) this.#display(0)
    this.playing = { since: performance.now(), from: a.shown }
    this.#play()
    a.paint()
  }

  // Every frame is shown; where the frames come slower than they should, time waits for them.
  #play() {
    this.playing.request = requestAnimationFrame((now) => {
      const { a } = this
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
    cancelAnimationFrame(this.playing.request)
    this.playing = null
    this.#followSoon(0)
    this.a.paint()
  }

  // ---- to where something is to be done --------------------------------------------------

  // The tracks meant: the selected one, else all.
  get #meant() {
    const { tracks } = this.a.boxes.document
    const mine = tracks.filter(({ id }) => id === this.a.selected)
    return mine.length ? mine : tracks
  }

  get #keys() {
    return this.#meant.flatMap((track) => track.keyframes.map(({ frame }) => frame)).sort((a, b) => a - b)
  }

  keyframe(direction) {
    const ahead = this.#keys.filter((frame) => (frame - this.a.shown) * direction > 0)
    if (!ahead.length) return this.a.say("No key frame on that side.")
    this.show(direction > 0 ? ahead[0] : ahead.at(-1))
  }

  // Halfway between the key frames around this one; after the last, halfway to the end.
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

  // The first frame after this one without a box, and outside the fully labelled ranges.
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

  // The nearest frame on which a track has a box.
  toTrack(track) {
    const { shown, last } = this.a
    const near = spansOf(this.a.boxes.track(track) ?? { keyframes: [] }, last + 1)
      .map(([start, stop]) => Math.min(Math.max(shown, start), stop - 1))
      .sort((a, b) => Math.abs(a - shown) - Math.abs(b - shown))
    if (near.length) this.show(near[0])
  }

  // The first or the last frame on which a track has a box.
  trackEnd(track, side) {
    const found = this.a.boxes.track(track)
    if (!found) return this.a.say(SELECT_FIRST)
    const spans = spansOf(found, this.a.last + 1)
    if (spans.length) this.show(side < 0 ? spans[0][0] : spans.at(-1)[1] - 1)
  }
}
