/** The boxes of the frame on the screen, as rectangles. */

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
 * @property {boolean} lost beyond the probable end of its track
 * @property {boolean} occluded
 * @property {boolean} proposed
 * @property {boolean} [locked] painted, but not selectable
 * @property {number | null} score of a proposed track
 */
/** @typedef {BoxFacts & Corners} BoxRect in pixels of the frame */
/** @typedef {BoxRect & {track: TrackRef}} TrackRect */

export class FrameBoxes {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  /** All boxes, larger ones below smaller ones: the pointer selects the topmost. @returns {FrameBox[]} */
  get all() {
    const { annotations, shown } = this.a
    return annotations.boxes.boxesOn(shown).sort((a, b) => areaOf(b) - areaOf(a))
  }

  /** The boxes that the pointer can select. @returns {TrackRect[]} */
  get selectable() {
    return this.rects(this.all.filter(({ track }) => !this.a.visibility.isUnselectable(track)))
  }

  /** @param {FrameBox[]} boxes @returns {TrackRect[]} */
  rects(boxes) {
    return boxes.map(({ box: [x1, y1, x2, y2], uncertainty, ...rest }) => ({
      ...rest,
      uncertain: !rest.human && this.#uncertaintyOf(rest.track, uncertainty) >= UNCERTAIN,
      score: this.a.annotations.document.track(rest.track)?.score ?? null,
      x1, y1, x2, y2,
    }))
  }

  /** The rectangle of a box that is being drawn. @param {Corners} corners @param {string} label @returns {BoxRect} */
  newRect(corners, label) {
    return { ...corners, track: null, label, human: true, uncertain: false, lost: false, occluded: false, proposed: false, score: null }
  }

  /** The uncertainty of a derived box, from propagation and, where one ran, a detector. @param {TrackRef} track @param {number | null} uncertainty */
  #uncertaintyOf(track, uncertainty) {
    return Math.max(uncertainty ?? 0, this.a.propagation.uncertaintyOf(track, this.a.shown))
  }
}

/** @param {FrameBox} box */
function areaOf({ box: [x1, y1, x2, y2] }) {
  return (x2 - x1) * (y2 - y1)
}
