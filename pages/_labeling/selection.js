/** The selected track. It stays selected on frames where it has no box. */

import { PASSED_ON } from "./keys.js"

/** @typedef {import("./operations.js").TrackRef} TrackRef */

export class Selection {
  /** @type {TrackRef | null} */ track = null

  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  /** Select a track, or none. @param {TrackRef | null} track */
  pick(track) {
    this.track = track
    this.a.edit.confirming = null
    this.a.paint()
  }

  /** Select a track, or complete a pending merge with it; true for a merge. @param {TrackRef | null} track */
  pickOrMerge(track) {
    if (this.a.edit.mergeWith(track)) return true
    this.pick(track)
    return false
  }

  /** Select a track in the list, and go to its nearest frame. @param {TrackRef} track @param {boolean} isHere */
  choose(track, isHere) {
    if (!this.pickOrMerge(track) && !isHere) this.a.go.toTrack(track)
  }

  /** Select the next or the previous box of this frame. @param {1 | -1} direction */
  next(direction) {
    const { frameBoxes, annotations } = this.a
    const selectable = new Set(frameBoxes.selectable.map(({ track }) => track))
    const tracks = annotations.document.tracks.map(({ id }) => id).filter((id) => selectable.has(id))
    const index = this.track === null ? -1 : tracks.indexOf(this.track)
    const from = index < 0 && direction < 0 ? 0 : index
    const track = tracks[(from + direction + tracks.length) % tracks.length]
    if (track === undefined) return PASSED_ON
    this.pickOrMerge(track)
    return undefined
  }

  /** Replace temporary track names by row ids. @param {ReadonlyMap<TrackRef, number>} savedIds */
  rename(savedIds) {
    if (this.track !== null) this.track = savedIds.get(this.track) ?? this.track
  }
}
