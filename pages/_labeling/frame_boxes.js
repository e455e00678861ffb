/** The boxes of the frame on the screen, as rectangles to paint and to press. */

import { UNCERTAIN } from "./box_store.js"

/** @typedef {import("./box_store.js").FrameBox} FrameBox */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./view.js").Corners} Corners */
/**
 * @typedef {object} BoxFacts
 * @property {TrackRef | null} track null while the box is being drawn
 * @property {string} label
 * @property {boolean} human a key frame
 * @property {boolean} uncertain
 * @property {boolean} occluded
 * @property {boolean} proposed
 * @property {boolean} [locked] painted, and out of reach
 * @property {number | null} score a detector's, of a proposed track
 */
/** @typedef {BoxFacts & Corners} BoxRect in pixels of the frame */
/** @typedef {BoxRect & {track: TrackRef}} TrackRect */

export class FrameBoxes {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  /** Larger boxes below smaller ones: the topmost one gets the pointer. @returns {FrameBox[]} */
  get all() {
    const { annotations, shown } = this.a
    return annotations.boxes.on(shown).sort((a, b) => areaOf(b) - areaOf(a))
  }

  /** Those that the pointer can reach. @returns {TrackRect[]} */
  get withinReach() {
    return this.rects(this.all.filter(({ track }) => !this.a.visibility.isAside(track)))
  }

  /** @param {FrameBox[]} boxes @returns {TrackRect[]} */
  rects(boxes) {
    return boxes.map(({ box: [x1, y1, x2, y2], uncertainty, ...rest }) => ({
      ...rest,
      uncertain: !rest.human && this.#doubtOf(rest.track, uncertainty) >= UNCERTAIN,
      score: this.a.annotations.document.track(rest.track)?.score ?? null,
      x1, y1, x2, y2,
    }))
  }

  /** A box that is being drawn. @param {Corners} corners @param {string} label @returns {BoxRect} */
  newRect(corners, label) {
    return { ...corners, track: null, label, human: true, uncertain: false, occluded: false, proposed: false, score: null }
  }

  /** Of a derived box: propagation's own doubt, and a detector's where one ran. @param {TrackRef} track @param {number | null} uncertainty */
  #doubtOf(track, uncertainty) {
    return Math.max(uncertainty ?? 0, this.a.propagation.doubtOf(track, this.a.shown))
  }
}

/** @param {FrameBox} box */
function areaOf({ box: [x1, y1, x2, y2] }) {
  return (x2 - x1) * (y2 - y1)
}
