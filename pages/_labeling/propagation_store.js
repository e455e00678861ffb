/** The state of propagation: the uncertainty of boxes, and the frames to correct. */

/** @typedef {import("./operations.js").TrackRef} TrackRef */
/**
 * @typedef {object} Segment a part of a track between two key frames
 * @property {number} start
 * @property {number} stop
 * @property {number[]} uncertainty of the last frames before `stop`, each 0..1
 * @property {{frame: number, weight: number} | null} [correction]
 */
/** @typedef {{track_id: number, segments: Segment[], ends_at: number | null}} TrackAnswer */
/** @typedef {[number, number]} Weighted a frame and its weight */

const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 2500
const MAX_POLLS = 120 // after an edit
const MIN_DISTANCE = 4 // frames between two suggestions

export class PropagationStore {
  /** Whether boxes are being computed. */ pending = false
  /** Frames that `worst` has suggested since the last edit. @type {Set<number>} */ suggested = new Set()
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

  /** After an edit or a change of boxes: poll now, and again while boxes are being computed. */
  startPolling() {
    this.suggested.clear()
    void this.#poll(++this.#round, MAX_POLLS, FIRST_PAUSE_MS)
  }

  /** @param {number} round @param {number} left @param {number} pause */
  async #poll(round, left, pause) {
    clearTimeout(this.#timer)
    await this.#fetch()
    if (round !== this.#round || !this.pending || left <= 1) return
    this.#timer = setTimeout(() => this.#poll(round, left - 1, Math.min(pause * 1.3, MAX_PAUSE_MS)), pause)
  }

  async #fetch() {
    try {
      const answer = await fetch(this.url)
      const tag = answer.headers.get("ETag")
      if (!answer.ok || (tag && tag === this.#tag)) return
      this.update(await answer.json())
      this.#tag = tag
    } catch {
      // No connection: the banner says so, and the next change starts polling again.
    }
  }

  /** @param {{pending: boolean, tracks: TrackAnswer[]}} answer */
  update({ pending, tracks }) {
    this.pending = pending
    this.#tracks = new Map(tracks.map((track) => [track.track_id, track]))
    this.changed()
  }

  /** The frame where the track probably ends; null if there is none. @param {TrackRef} track */
  endOf(track) {
    return this.#tracks.get(track)?.ends_at ?? null
  }

  /** The uncertainty of a track's box on a frame; 0 if unknown. @param {TrackRef} track @param {number} frame */
  uncertaintyOf(track, frame) {
    const found = this.#segmentsOf(track).find((one) => frameOf(one, 0) <= frame && frame < one.stop)
    return found?.uncertainty[frame - frameOf(found, 0)] ?? 0
  }

  /** The frames of the tracks `ids` with their uncertainty. @param {TrackRef[]} ids @returns {Generator<Weighted>} */
  *uncertainties(ids) {
    for (const segment of ids.flatMap((id) => this.#segmentsOf(id))) {
      for (const [index, value] of segment.uncertainty.entries()) yield [frameOf(segment, index), value]
    }
  }

  /**
   * The frame of these tracks to correct next, of those not suggested since the last edit: the
   * server's correction with the highest weight, one per segment; if all were suggested, the most
   * uncertain remaining frame.
   * @param {TrackRef[]} ids
   */
  worst(ids) {
    const segments = ids.flatMap((id) => this.#segmentsOf(id))
    const corrections = segments.flatMap(({ correction }) => correction ?? [])
    const pairs = corrections.map(({ frame, weight }) => /** @type {Weighted} */ ([frame, weight]))
    const best = this.#heaviest(pairs) ?? this.#heaviest(this.uncertainties(ids))
    if (best !== null) this.suggested.add(best)
    return best
  }

  /** @param {TrackRef} id */
  #segmentsOf(id) {
    return this.#tracks.get(id)?.segments ?? []
  }

  /** The frame with the highest weight that is not close to a suggested one. @param {Iterable<Weighted>} pairs */
  #heaviest(pairs) {
    /** @type {number | null} */
    let best = null
    let highest = 0
    for (const [frame, weight] of pairs) {
      if (weight <= highest || [...this.suggested].some((other) => Math.abs(other - frame) < MIN_DISTANCE)) continue
      best = frame
      highest = weight
    }
    return best
  }
}

/** The frame of an entry of `uncertainty`, whose last entry is for `stop - 1`. @param {Segment} segment @param {number} index */
function frameOf({ stop, uncertainty }, index) {
  return stop - uncertainty.length + index
}
