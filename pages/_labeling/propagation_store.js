// What propagation says of each frame between key frames, and where it is unsure.

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2500
const LOOKS = 120 // then it is given up until the next edit
const APART = 4 // two proposed frames this close are one proposal

class PropagationStore {
  // `on` has derived(): boxes between key frames were found anew; revision(number): the
  // video's present one.
  constructor(api, on) {
    this.url = `${api}/propagation`
    this.on = on
    this.pending = false
    this.tracks = new Map() // id -> {segments, endsAt}
    this.looked = new Set() // frames that `worst` has proposed already
  }

  destroy() {
    clearTimeout(this.timer)
    this.seen = null
  }

  // Look at once, and again as long as something is being worked out.
  follow(revision) {
    if (revision === this.seen) return
    this.seen = revision
    this.looked.clear()
    this.#look(LOOKS, FIRST_PAUSE_MS)
  }

  // Has somebody else changed the video? The answer comes by `on.revision`.
  check() {
    if (!this.pending) this.#look(1, FIRST_PAUSE_MS)
  }

  async #look(left, pause) {
    clearTimeout(this.timer)
    const { seen } = this
    const answer = await this.#ask()
    if (this.seen !== seen) return
    if (answer) this.#take(answer)
    if (!this.pending || left <= 1) return
    this.timer = setTimeout(() => this.#look(left - 1, Math.min(pause * 1.3, LONGEST_PAUSE_MS)), pause)
  }

  // The answer, or null where it is the last one or there is none.
  async #ask() {
    try {
      const answer = await fetch(this.url)
      const tag = answer.headers.get("ETag")
      if (!answer.ok || (tag && tag === this.tag)) return null
      this.tag = tag
      return await answer.json()
    } catch {
      return null // Offline: the outbox says so where it matters.
    }
  }

  #take({ revision, pending, tracks }) {
    this.pending = pending
    this.tracks = new Map(tracks.map((t) => [t.track_id, { segments: t.segments, endsAt: t.ends_at }]))
    this.on.derived()
    this.on.revision(revision)
  }

  // Where the track probably ends; null where nothing speaks for an end.
  endOf(track) {
    return this.tracks.get(track)?.endsAt ?? null
  }

  // How unsure the track's box on a frame is; 0 where nothing is known.
  doubtOf(track, frame) {
    const segments = this.tracks.get(track)?.segments ?? []
    const found = segments.find((one) => frameOf(one, 0) <= frame && frame < one.stop)
    return found?.uncertainty[frame - frameOf(found, 0)] ?? 0
  }

  // Pairs [frame, uncertainty 0..1] of one track, or of each of `ids`.
  *uncertainties(ids) {
    for (const id of ids) {
      for (const segment of this.tracks.get(id)?.segments ?? []) {
        yield* segment.uncertainty.map((value, at) => [frameOf(segment, at), value])
      }
    }
  }

  // The frame of these tracks to correct next, of those not proposed since the last edit: the
  // weightiest of the server's corrections, one in each segment; when all of them were proposed,
  // the most uncertain frame that is left.
  worst(ids) {
    const segments = ids.flatMap((id) => this.tracks.get(id)?.segments ?? [])
    const corrections = segments.flatMap(({ correction }) => (correction ? [correction] : []))
    const pairs = corrections.map(({ frame, weight }) => [frame, weight])
    const best = this.#most(pairs) ?? this.#most(this.uncertainties(ids))
    if (best !== null) this.looked.add(best)
    return best
  }

  // Of [frame, weight] pairs the heaviest that is not beside a frame proposed already.
  #most(pairs) {
    let [best, most] = [null, 0]
    for (const [frame, weight] of pairs) {
      if (weight <= most || [...this.looked].some((seen) => Math.abs(seen - frame) < APART)) continue
      ;[best, most] = [frame, weight]
    }
    return best
  }
}

// A segment speaks of the frames between its key frames, or of the first one as well.
function frameOf({ start, stop, uncertainty }, at) {
  return stop - uncertainty.length + at
}
