/** What propagation says of each frame between key frames, and where it is unsure. */

/** @typedef {import("./operations.js").TrackRef} TrackRef */
/**
 * @typedef {object} Segment of a track, between two key frames
 * @property {number} start
 * @property {number} stop
 * @property {number[]} uncertainty of the last frames before `stop`, each 0..1
 * @property {{frame: number, weight: number} | null} [correction]
 */
/** @typedef {{track_id: number, segments: Segment[], ends_at: number | null}} TrackAnswer */
/** @typedef {[number, number]} Weighted a frame and its weight */

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 2500
const LOOKS = 120 // then it is given up until the next edit
const APART = 4 // two proposed frames this close are one proposal

export class PropagationStore {
  /** Boxes are being worked out. */ pending = false
  /** Frames that `worst` has proposed since the last edit. @type {Set<number>} */ looked = new Set()
  /** @type {Map<TrackRef, TrackAnswer>} */ #tracks = new Map()
  /** @type {string | null} */ #tag = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer
  #round = 0

  /** @param {string} api root of the video's routes @param {() => void} changed */
  constructor(api, changed) {
    this.url = `${api}/propagation`
    this.changed = changed
  }

  destroy() {
    this.#round++
    clearTimeout(this.#timer)
  }

  /** Something was edited or worked out: look at once, and again as long as more is to come. */
  follow() {
    this.looked.clear()
    void this.#look(++this.#round, LOOKS, FIRST_PAUSE_MS)
  }

  /** @param {number} round @param {number} left @param {number} pause */
  async #look(round, left, pause) {
    clearTimeout(this.#timer)
    await this.#ask()
    if (round !== this.#round || !this.pending || left <= 1) return
    this.#timer = setTimeout(() => this.#look(round, left - 1, Math.min(pause * 1.3, LONGEST_PAUSE_MS)), pause)
  }

  async #ask() {
    try {
      const answer = await fetch(this.url)
      const tag = answer.headers.get("ETag")
      if (!answer.ok || (tag && tag === this.#tag)) return
      this.take(await answer.json())
      this.#tag = tag
    } catch {
      // No connection: the banner says so, and the next news bring another look.
    }
  }

  /** @param {{pending: boolean, tracks: TrackAnswer[]}} answer */
  take({ pending, tracks }) {
    this.pending = pending
    this.#tracks = new Map(tracks.map((track) => [track.track_id, track]))
    this.changed()
  }

  /** Where the track probably ends; null where nothing speaks for an end. @param {TrackRef} track */
  endOf(track) {
    return this.#tracks.get(track)?.ends_at ?? null
  }

  /** How unsure the track's box on a frame is; 0 where nothing is known. @param {TrackRef} track @param {number} frame */
  doubtOf(track, frame) {
    const found = this.#segmentsOf(track).find((one) => frameOf(one, 0) <= frame && frame < one.stop)
    return found?.uncertainty[frame - frameOf(found, 0)] ?? 0
  }

  /** Frames and their uncertainty, of each of `ids`. @param {TrackRef[]} ids @returns {Generator<Weighted>} */
  *uncertainties(ids) {
    for (const segment of ids.flatMap((id) => this.#segmentsOf(id))) {
      for (const [at, value] of segment.uncertainty.entries()) yield [frameOf(segment, at), value]
    }
  }

  /**
   * The frame of these tracks to correct next, of those not proposed since the last edit: the
   * weightiest of the server's corrections, one in each segment; when all of them were proposed,
   * the most uncertain frame that is left.
   * @param {TrackRef[]} ids
   */
  worst(ids) {
    const segments = ids.flatMap((id) => this.#segmentsOf(id))
    const corrections = segments.flatMap(({ correction }) => correction ?? [])
    const pairs = corrections.map(({ frame, weight }) => /** @type {Weighted} */ ([frame, weight]))
    const best = this.#most(pairs) ?? this.#most(this.uncertainties(ids))
    if (best !== null) this.looked.add(best)
    return best
  }

  /** @param {TrackRef} id */
  #segmentsOf(id) {
    return this.#tracks.get(id)?.segments ?? []
  }

  /** The heaviest frame that is not beside one proposed already. @param {Iterable<Weighted>} pairs */
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

/** A segment speaks of the frames between its key frames, or of the first one as well. @param {Segment} segment @param {number} at */
function frameOf({ stop, uncertainty }, at) {
  return stop - uncertainty.length + at
}
