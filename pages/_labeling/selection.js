/** The selected track. It stays selected on frames where it has no box. */

import { PASSED_ON } from "./keys.js"

/** @typedef {import("./operations.js").TrackRef} TrackRef */

export class Selection {
  /** @type {TrackRef | null} */ track = null

  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  /** Select what was pressed on the picture. @param {TrackRef | null} track */
  pick(track) {
    this.track = track
    this.a.edit.confirming = null
    this.a.paint()
  }

  /** True where the choice of this track was all that was meant. @param {TrackRef | null} track */
  isTakenBy(track) {
    if (this.a.edit.mergeWith(track)) return true
    this.pick(track)
    return false
  }

  /** Select a track of the list, and go to where it has a box. @param {TrackRef} track @param {boolean} isHere */
  choose(track, isHere) {
    if (!this.isTakenBy(track) && !isHere) this.a.go.toTrack(track)
  }

  /** The next box of this frame, or the one before. @param {1 | -1} direction */
  next(direction) {
    const { here, annotations } = this.a
    const reachable = new Set(here.withinReach.map(({ track }) => track))
    const tracks = annotations.document.tracks.map(({ id }) => id).filter((id) => reachable.has(id))
    const at = this.track === null ? -1 : tracks.indexOf(this.track)
    const from = at < 0 && direction < 0 ? 0 : at
    const track = tracks[(from + direction + tracks.length) % tracks.length]
    if (track === undefined) return PASSED_ON
    this.isTakenBy(track)
    return undefined
  }

  /** Tracks have rows now that had names. @param {ReadonlyMap<TrackRef, number>} named */
  rename(named) {
    if (this.track !== null) this.track = named.get(this.track) ?? this.track
  }
}
