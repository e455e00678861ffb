/** What the server knows beyond the current frame: tracks, ranges, and derived boxes. */

import { fetchJson } from "./fetch_json.js"

/** @typedef {[number, number, number, number]} Xyxy in pixels of the frame */
/** @typedef {[number, number]} Range of frames: the first one, and the one after the last */
/** @typedef {{ frame: number, box: Xyxy, outside?: boolean, occluded?: boolean }} Keyframe */
/**
 * @typedef {object} Track
 * @property {number} id
 * @property {string} label
 * @property {Keyframe[]} keyframes in the order of time
 * @property {boolean} [proposed] by a detector, and not accepted yet
 * @property {number | null} [score] of the detector that proposed it
 */
/** @typedef {{ tracks: Track[], ranges: Range[] }} AnnotationDocument */
/**
 * @typedef {object} SavedBox as the API tells it
 * @property {number} track_id
 * @property {string} label
 * @property {Xyxy} box
 * @property {string} source
 * @property {boolean} occluded
 * @property {number | null} [uncertainty] of a derived box
 * @property {boolean} [proposed]
 */
/**
 * @typedef {object} FrameBox
 * @property {number} track
 * @property {string} label
 * @property {Xyxy} box
 * @property {boolean} human set by hand on this very frame
 * @property {boolean} occluded
 * @property {number | null} [uncertainty]
 * @property {boolean} [proposed]
 */
/** @typedef {Map<number, FrameBox[]>} Chunk the boxes of each frame of a stretch that has any */

const CHUNK_FRAMES = 120
const AHEAD_FRAMES = 20
/**
 * From here on a derived box looks like a question. On real videos with truth and a key frame
 * every 50 frames, 37 % of such boxes miss IoU 0.7; of those below 0.1 it is 3 %.
 */
export const UNCERTAIN = 0.3

export class BoxStore {
  /** @param {string} api the video's address @param {() => void} onNews */
  constructor(api, onNews) {
    this.api = api
    this.frameCount = 0
    this.onNews = onNews
    this.revision = -1
    /** @type {number | null} */
    this.read = null // the revision that the document is of
    /** @type {AnnotationDocument} */
    this.document = { tracks: [], ranges: [] }
    /** @type {Map<number, Chunk | null>} by first frame; null while it is on its way */
    this.chunks = new Map()
    /** @type {Map<number, Chunk>} shown until the newer answer is there */
    this.stale = new Map()
  }

  /**
   * Forget what an older revision said; it stays on screen until the newer answer is here.
   * @param {number} revision
   */
  async follow(revision) {
    if (revision === this.revision) return
    this.revision = revision
    this.forgetDerived()
    const document = await fetchJson(`${this.api}/annotations`)
    if (!document || this.revision !== revision) return
    this.document = document
    this.read = revision
    this.onNews()
  }

  /** There is no box on any frame, and that is certain. */
  get isEmpty() {
    return this.read === this.revision && this.document.tracks.length === 0
  }

  /** Boxes between key frames were found anew. */
  forgetDerived() {
    for (const [start, chunk] of this.chunks) if (chunk) this.stale.set(start, chunk)
    this.chunks = new Map()
  }

  /** @param {number} track @returns {Keyframe[]} */
  keyframes(track) {
    return this.track(track)?.keyframes ?? []
  }

  /** @param {number | null | undefined} id */
  track(id) {
    return this.document.tracks.find((track) => track.id === id)
  }

  /**
   * Boxes of a frame, as `readBox` gives them; older ones or null while they are on their way.
   * @param {number} frame
   * @returns {FrameBox[] | null}
   */
  on(frame) {
    this.#want(chunkOf(frame))
    const chunk = this.chunks.get(chunkOf(frame)) ?? this.stale.get(chunkOf(frame))
    return chunk ? (chunk.get(frame) ?? []) : null
  }

  /**
   * Have boxes of the frames around one here before they are shown; older ones will do until then.
   * @param {number} frame
   */
  prepare(frame) {
    const ends = [Math.max(0, frame - AHEAD_FRAMES), Math.min(frame + AHEAD_FRAMES, this.frameCount - 1)]
    for (const start of ends.map(chunkOf)) if (!this.stale.has(start)) this.#want(start)
  }

  /** @param {number} frame */
  isFresh(frame) {
    return Boolean(this.chunks.get(chunkOf(frame)))
  }

  /** @param {number} start */
  #want(start) {
    if (!this.chunks.has(start)) this.#load(start)
  }

  /** @param {number} start */
  async #load(start) {
    const { chunks } = this
    chunks.set(start, null)
    const stop = Math.min(start + CHUNK_FRAMES, this.frameCount)
    const answer = await fetchJson(`${this.api}/boxes?start=${start}&stop=${stop}`)
    if (this.chunks !== chunks) return
    if (!answer) return void chunks.delete(start)
    /** @type {[number, FrameBox[]][]} */
    const entries = answer.frames.map(readFrame)
    chunks.set(start, new Map(entries))
    this.stale.delete(start)
    this.onNews()
  }
}

/** The first frame of the chunk that a frame is in. @param {number} frame @returns {number} */
function chunkOf(frame) {
  return Math.floor(frame / CHUNK_FRAMES) * CHUNK_FRAMES
}

/** @param {{ frame: number, boxes: SavedBox[] }} answer @returns {[number, FrameBox[]]} */
function readFrame({ frame, boxes }) {
  return [frame, boxes.map(readBox)]
}

const DERIVED = new Set(["linear", "visual"])

/** @param {SavedBox} box @returns {FrameBox} */
function readBox({ track_id, label, box, source, occluded, uncertainty, proposed }) {
  return { track: track_id, label, box, human: !DERIVED.has(source), occluded, uncertainty, proposed }
}
