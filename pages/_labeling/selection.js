/** The selected track. It stays selected on frames where it has no box. */

import { PASSED_ON } from "./keys.js"

export class Selection {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    /** @type {number | null} */
    this.track = null
  }

  /** Select what was pressed on the picture. @param {number | null} track */
  pick(track) {
    this.track = track
    this.a.edit.confirming = null
    this.a.paint()
  }

  /** Select a track from elsewhere: the picture has to follow. @param {number} track */
  select(track) {
    if (this.a.edit.mergeWith(track)) return
    this.pick(track)
    this.a.drawing.select(track)
  }

  /**
   * Select a track of the list, and go to where it has a box.
   * @param {number} track
   * @param {import("./frame_boxes.js").CanvasBox | null} box of this frame
   */
  choose(track, box) {
    const merges = this.a.edit.merging
    this.select(track)
    if (!box && !merges) this.a.go.toTrack(track)
  }

  /** The next box of this frame, or the one before. @param {number} direction 1 or -1 */
  next(direction) {
    const { here, visibility } = this.a
    const tracks = here.all.map(({ track }) => track).filter((track) => !visibility.isAside(track))
    tracks.sort((a, b) => a - b)
    const at = this.track === null ? -1 : tracks.indexOf(this.track)
    const from = at < 0 && direction < 0 ? 0 : at
    const track = tracks[(from + direction + tracks.length) % tracks.length]
    if (!track) return PASSED_ON
    this.select(track)
  }

  clear() {
    this.a.drawing.deselect()
    this.pick(null)
  }
}
