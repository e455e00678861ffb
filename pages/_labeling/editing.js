/** The user's edits of boxes, tracks and ranges, as operations. */

import { findLabel } from "./label_names.js"
import { newTrackName } from "./random_id.js"
import { trackName, trackNumber } from "./track_name.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./box_store.js").FrameBox} FrameBox */
/** @typedef {import("./operations.js").Box} Box */
/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./view.js").Corners} Corners */

export const SELECT_FIRST = "Select a box first: click it, or press Tab."

export class Editing {
  /** The track whose deletion waits for confirmation. @type {TrackRef | null} */ confirming = null
  /** The track to be merged with the next one picked. @type {TrackRef | null} */ merging = null
  /** The first frame of a range whose last frame is not chosen yet. @type {number | null} */ rangeFrom = null
  /** The chosen label of the next box. */ #label = ""

  /** @param {Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
  }

  /** Do operations as one step. @param {...Operation} ops */
  do(...ops) {
    const { a } = this
    if (a.drawing.drag) return
    a.go.stop()
    a.annotations.do(ops, a.shown)
    a.paint()
  }

  // ---- boxes ---------------------------------------------------------------------------------

  /** @param {Corners} target a new box in pixels of the frame */
  draw(target) {
    this.do({ op: "put_box", frame: this.a.shown, box: boxOf(target), track_id: newTrackName(), label: this.label })
  }

  /** @param {TrackRef} track @param {boolean} occluded @param {Corners} target */
  move(track, occluded, target) {
    this.do({ op: "put_box", frame: this.a.shown, box: boxOf(target), track_id: track, occluded })
  }

  /** The selected box, or the only one. @returns {FrameBox | null} */
  get chosen() {
    const { frameBoxes, selection } = this.a
    const boxes = frameBoxes.all
    return boxes.find(({ track }) => track === selection.track) ?? (boxes.length === 1 ? (boxes[0] ?? null) : null)
  }

  /** The selected track, wherever its boxes are, else that of the only box here. */
  get track() {
    const { annotations, selection } = this.a
    return annotations.document.track(selection.track) ?? annotations.document.track(this.chosen?.track ?? null) ?? null
  }

  /** @param {(box: FrameBox) => Operation} operation */
  #ofBox(operation) {
    const box = this.chosen
    if (box) this.#ofTrack(box.track, operation(box))
    else this.a.say(SELECT_FIRST)
  }

  /** @param {TrackRef} track @param {...Operation} ops */
  #ofTrack(track, ...ops) {
    this.confirming = null
    if (this.a.visibility.isLocked(track)) this.a.say(`Track ${trackNumber(track)} is locked: unlock it in the list first.`, true)
    else this.do(...ops)
  }

  deleteHere() {
    const { a } = this
    const box = this.chosen
    if (box && this.confirming === box.track) return this.deleteTrack()
    const keys = a.annotations.document.track(box?.track ?? null)?.keyframes.filter(({ outside }) => !outside) ?? []
    if (box?.human && keys.length <= 1) return this.askDeleteTrack()
    this.#ofBox(({ track }) => ({ op: "hide_box", track_id: track, frame: a.shown }))
  }

  /** Make a derived box a key frame as it is, or drop the key frame. */
  toggleKeyframe() {
    const frame = this.a.shown
    this.#ofBox(({ track, human, box, occluded }) =>
      human
        ? { op: "remove_keyframe", track_id: track, frame }
        : { op: "put_box", frame, box, track_id: track, occluded },
    )
  }

  toggleOccluded() {
    this.#ofBox(({ track, occluded }) => ({ op: "set_occluded", track_id: track, frame: this.a.shown, occluded: !occluded }))
  }

  /** Copy boxes of the previous frame: the selected one, else all that are missing here. */
  copyPrevious(all = false) {
    const { shown, selection, annotations } = this.a
    if (shown === 0) return this.a.say("There is no previous frame.")
    const one = all ? null : selection.track
    const before = annotations.boxes.boxesOn(shown - 1)
    const copied = one ? before.filter(({ track }) => track === one) : before.filter((box) => this.#isMissing(box))
    if (!copied.length) {
      const what = one ? `box of track ${trackNumber(one)}` : "box that is missing here"
      return this.a.say(`The previous frame has no ${what}.`, true)
    }
    /** @type {Operation[]} */
    const ops = copied.map(({ track, box, occluded }) => ({ op: "put_box", frame: shown, box, track_id: track, occluded }))
    if (one) this.#ofTrack(one, ...ops)
    else this.do(...ops)
  }

  /** @param {FrameBox} box of the previous frame */
  #isMissing({ track, proposed }) {
    const { frameBoxes, visibility } = this.a
    return !proposed && !visibility.isUnselectable(track) && frameBoxes.all.every((box) => box.track !== track)
  }

  // ---- tracks -----------------------------------------------------------------------------

  endTrack() {
    this.#ofBox(({ track }) => ({ op: "end_track", track_id: track, frame: this.a.shown }))
  }

  /** @param {TrackRef} track @param {number} frame */
  endTrackAt(track, frame) {
    this.#ofTrack(track, { op: "end_track", track_id: track, frame })
  }

  askDeleteTrack() {
    const { track } = this
    if (!track) return this.a.say(SELECT_FIRST)
    if (this.confirming === track.id) return this.deleteTrack()
    this.a.selection.pick(track.id)
    this.confirming = track.id
    this.a.say(`Press Delete again to delete ${trackName(track)} on every frame, Esc keeps it.`)
  }

  deleteTrack() {
    const track = this.confirming ?? this.track?.id
    if (track) this.#ofTrack(track, { op: "delete_track", track_id: track })
  }

  /** @param {string} label */
  relabel(label) {
    const { track } = this
    if (track) this.#ofTrack(track.id, { op: "relabel_track", track_id: track.id, label })
    else this.a.say(SELECT_FIRST)
  }

  split() {
    this.#ofBox(({ track }) => ({ op: "split_track", track_id: track, frame: this.a.shown, new_id: newTrackName() }))
  }

  /** Merge the next track that is picked into this one. */
  startMerging() {
    const { track } = this
    if (!track) return this.a.say(SELECT_FIRST)
    this.merging = track.id
    this.a.selection.pick(track.id)
    this.a.say(`Now choose the track that is the same object as ${trackName(track)}. Esc cancels.`)
  }

  /** True if picking `track` was part of a merge. @param {TrackRef | null} track */
  mergeWith(track) {
    const { merging } = this
    if (!merging || !track) return false
    this.merging = null
    if (track === merging) this.a.say("A track cannot be merged with itself. Choose another one.", true)
    else this.#ofTrack(merging, { op: "merge_tracks", track_id: merging, other_id: track })
    return true
  }

  // ---- proposals of a detector ---------------------------------------------------------------

  /** @param {TrackRef[]} tracks */
  accept(tracks) {
    this.do({ op: "accept_tracks", track_ids: tracks })
  }

  /** @param {TrackRef[]} tracks */
  reject(tracks) {
    this.do(...tracks.map((track) => /** @type {Operation} */ ({ op: "delete_track", track_id: track })))
  }

  /** Accept or reject the selected proposal. @param {boolean} accepted */
  decide(accepted) {
    const { track } = this
    if (!track?.proposed) return this.a.say("Select a proposed track first.")
    if (accepted) this.accept([track.id])
    else this.reject([track.id])
  }

  // ---- labels, ranges, undo -----------------------------------------------------------------

  get labels() {
    return this.a.annotations.document.labels
  }

  /** The label of the next box. */
  get label() {
    const names = this.labels.map(({ name }) => name)
    return names.includes(this.#label) ? this.#label : (names[0] ?? "")
  }

  /** @param {number} index */
  relabelAt(index) {
    const label = this.labels[index]
    if (label) this.relabel(label.name)
  }

  /** @param {number} index */
  chooseLabelAt(index) {
    const label = this.labels[index]
    if (!label) return
    this.#label = label.name
    this.a.paint()
  }

  /** @param {string} name @param {string} color */
  addLabel(name, color) {
    if (!findLabel(this.labels, name)) this.do({ op: "add_label", name: name.trim(), color })
    this.#label = findLabel(this.labels, name)?.name ?? this.#label
    this.a.paint()
  }

  drawNext() {
    this.a.drawing.forceDraw = true
    this.a.say("The next drag draws a box.")
  }

  /** @param {number} first @param {number} last */
  markRange(first, last) {
    const end = Math.min(last, this.a.last)
    this.do({ op: "mark_range", start: Math.min(first, end), stop: end + 1 })
  }

  /** @param {[number, number]} range */
  clearRange([start, stop]) {
    this.do({ op: "clear_range", start, stop })
  }

  /** Start a range on this frame, or end the one started. */
  toggleRange() {
    const { shown } = this.a
    const from = this.rangeFrom
    if (from === null) {
      this.rangeFrom = shown
      this.a.say(`Fully labelled from frame ${shown}. Go to the last such frame and press R again; Esc cancels.`)
      return
    }
    this.rangeFrom = null
    this.markRange(Math.min(from, shown), Math.max(from, shown))
  }

  undo() {
    this.#step("undo")
  }

  redo() {
    this.#step("redo")
  }

  /** @param {"undo" | "redo"} kind */
  #step(kind) {
    const { a } = this
    if (a.drawing.drag) return
    a.go.stop()
    a.annotations.undoOrRedo(kind, a.shown)
  }

  /** Replace temporary track names by row ids. @param {ReadonlyMap<TrackRef, number>} savedIds */
  rename(savedIds) {
    if (this.confirming !== null) this.confirming = savedIds.get(this.confirming) ?? this.confirming
    if (this.merging !== null) this.merging = savedIds.get(this.merging) ?? this.merging
  }

  /** Cancel a deletion, a merge or a range; true if there was one. */
  cancelPending() {
    const wasPending = this.confirming !== null || this.merging !== null || this.rangeFrom !== null
    this.confirming = this.merging = this.rangeFrom = null
    return wasPending
  }
}

/** @param {Corners} target @returns {Box} */
function boxOf({ x1, y1, x2, y2 }) {
  return [x1, y1, x2, y2]
}
