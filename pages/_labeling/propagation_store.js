/** What propagation says of each frame between key frames, and where it is unsure. */

/**
 * @typedef {object} Segment between two key frames
 * @property {number} start
 * @property {number} stop
 * @property {number[]} uncertainty of each of its frames, 0..1
 * @property {{ frame: number, weight: number } | null} [correction] the frame to correct in it
 */
/** @typedef {{ segments: Segment[], endsAt: number | null }} Followed */
/**
 * @typedef {object} Answer of the API
 * @property {number} revision
 * @property {boolean} pending
 * @property {{ track_id: number, segments: Segment[], ends_at: number | null }[]} tracks
 */

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2500
const LOOKS = 120 // then it is given up until the next edit
const APART = 4 // two proposed frames this close are one proposal

export class PropagationStore {
  /**
   * `on` has derived(): boxes between key frames were found anew; revision(number): the
   * video's present one.
   * @param {string} api the video's address
   * @param {{ derived(): void, revision(number: number): void }} on
   */
  constructor(api, on) {
    this.url = `${api}/propagation`
    this.on = on
    this.pending = false
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {number | null} */
    this.seen = null // the revision asked for last; null once this is destroyed
    /** @type {string | null} */
    this.tag = null // of the last answer
    /** @type {Map<number, Followed>} by track */
    this.tracks = new Map()
    /** @type {Set<number>} frames that `worst` has proposed already */
    this.looked = new Set()
  }

  destroy() {
    clearTimeout(this.timer)
    this.seen = null
  }

  /** Look at once, and again as long as something is being worked out. @param {number} revision */
  follow(revision) {
    if (revision === this.seen) return
    this.seen = revision
    this.looked.clear()
    this.#look(LOOKS, FIRST_PAUSE_MS)
  }

  /** Has somebody else changed the video? The answer comes by `on.revision`. */
  check() {
    if (!this.pending) this.#look(1, FIRST_PAUSE_MS)
  }

  /** @param {number} left @param {number} pause */
  async #look(left, pause) {
    clearTimeout(this.timer)
    const { seen } = this
    const answer = await this.#ask()
    if (this.seen !== seen) return
    if (answer) this.#take(answer)
    if (!this.pending || left <= 1) return
    this.timer = setTimeout(() => this.#look(left - 1, Math.min(pause * 1.3, LONGEST_PAUSE_MS)), pause)
  }

  /** The answer, or null where it is the last one or there is none. @returns {Promise<Answer | null>} */
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

  /** @param {Answer} answer */
  #take({ revision, pending, tracks }) {
    this.pending = pending
    this.tracks = new Map(tracks.map((t) => [t.track_id, { segments: t.segments, endsAt: t.ends_at }]))
    this.on.derived()
    this.on.revision(revision)
  }

  /** @param {number | null | undefined} track */
  #of(track) {
    return track ? this.tracks.get(track) : undefined
  }

  /**
   * Where the track probably ends; null where nothing speaks for an end.
   * @param {number | null | undefined} track
   * @returns {number | null}
   */
  endOf(track) {
    return this.#of(track)?.endsAt ?? null
  }

  /**
   * How unsure the track's box on a frame is; 0 where nothing is known.
   * @param {number | null | undefined} track
   * @param {number} frame
   * @returns {number}
   */
  doubtOf(track, frame) {
    const segments = this.#of(track)?.segments ?? []
    const found = segments.find((one) => frameOf(one, 0) <= frame && frame < one.stop)
    return found?.uncertainty[frame - frameOf(found, 0)] ?? 0
  }

  /**
   * Pairs [frame, uncertainty 0..1] of one track, or of each of `ids`.
   * @param {number[]} ids
   * @returns {Generator<[number, number]>}
   */
  *uncertainties(ids) {
    for (const id of ids) {
      for (const segment of this.tracks.get(id)?.segments ?? []) {
        for (const [at, value] of segment.uncertainty.entries()) yield [frameOf(segment, at), value]
      }
    }
  }

  /**
   * The frame of these tracks to correct next, of those not proposed since the last edit: the
   * weightiest of the server's corrections, one in each segment; when all of them were proposed,
   * the most uncertain frame that is left.
   * @param {number[]} ids
   * @returns {number | null}
   */
  worst(ids) {
    const segments = ids.flatMap((id) => this.tracks.get(id)?.segments ?? [])
    const corrections = segments.flatMap(({ correction }) => (correction ? [correction] : []))
    /** @type {[number, number][]} */
    const pairs = corrections.map(({ frame, weight }) => [frame, weight])
    const best = this.#most(pairs) ?? this.#most(this.uncertainties(ids))
    if (best !== null) this.looked.add(best)
    return best
  }

  /**
   * Of [frame, weight] pairs the heaviest that is not beside a frame proposed already.
   * @param {Iterable<[number, number]>} pairs
   * @returns {number | null}
   */
  #most(pairs) {
    /** @type {number | null} */
    let best = null
    let most = 0
    for (const [frame, weight] of pairs) {
      if (weight <= most || [...this.looked].some((seen) => Math.abs(seen - frame) < APART)) continue
      best = frame
      most = weight
    }
    return best
  }
}

/**
 * A segment speaks of the frames between its key frames, or of the first one as well.
 * @param {Segment} segment
 * @param {number} at
 * @returns {number}
 */
function frameOf({ stop, uncertainty }, at) {
  return stop - uncertainty.length + at
}
