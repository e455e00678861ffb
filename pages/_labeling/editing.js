/** What a person does to boxes, tracks and ranges. Each act goes to the server by the outbox. */

/** @typedef {import("./box_store.js").Track} Track */
/** @typedef {Partial<import("./outbox.js").Act>} Details */

export const SELECT_FIRST = "Select a box first: click it, or press Tab."

export class Editing {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    /** @type {number | null} */
    this.confirming = null // the track whose deletion was asked for
    /** @type {number | null} */
    this.merging = null // the track that waits for a second one
    /** @type {number | null} */
    this.rangeFrom = null // the first frame of a range that waits for its last one
  }

  /**
   * Ask the server for something. What was drawn goes first.
   * @param {string} kind
   * @param {Details} [details]
   */
  act(kind, details = {}) {
    const { a } = this
    if (a.drawing.drag) return
    a.drawing.flush()
    a.go.stop()
    a.outbox.add(kind, { frame: a.shown, ...details })
    a.paint()
  }

  commit() {
    if (this.a.drawing.flush()) this.act("commit")
  }

  /**
   * A box drawn (`rect` null) or moved on the picture, in canvas pixels, before the canvas came.
   * @param {import("./frame_boxes.js").CanvasBox | null} rect
   * @param {import("./rects.js").Rect} target
   */
  putBox(rect, { x1, y1, x2, y2 }) {
    const [sx, sy] = this.a.here.scale
    /** @type {import("./box_store.js").Xyxy} */
    const box = [x1 * sx, y1 * sy, x2 * sx, y2 * sy]
    this.act("put", { track: rect?.track ?? 0, occluded: rect?.occluded ?? false, box })
  }

  /** The selected box, or the only one. */
  get chosen() {
    const { here, selection } = this.a
    const boxes = here.all
    return boxes.find(({ track }) => track === selection.track) ?? (boxes.length === 1 ? boxes[0] : undefined)
  }

  /**
   * The selected track, wherever its boxes are, else that of the only box here. A box drawn
   * a moment ago is a track whose document is on its way.
   * @returns {Track | null}
   */
  get track() {
    const { boxes, selection } = this.a
    const box = this.chosen
    const known = boxes.track(selection.track) ?? boxes.track(box?.track)
    return known ?? (box ? { id: box.track, label: box.label, keyframes: [] } : null)
  }

  /** That track in a list; empty where there is none. */
  get meant() {
    const { track } = this
    return track ? [track.id] : []
  }

  /** @param {string} kind @param {Details} [details] */
  #ofBox(kind, details = {}) {
    const box = this.chosen
    if (!box) return this.a.say(SELECT_FIRST)
    this.#ofTrack(kind, box.track, details)
  }

  /** @param {string} kind @param {number} track @param {Details} [details] */
  #ofTrack(kind, track, details = {}) {
    this.confirming = null
    if (this.a.visibility.isLocked(track)) return this.a.say(`Track ${track} is locked: open its lock in the list first.`, true)
    this.act(kind, { track, ...details })
  }

  // ---- the box here ------------------------------------------------------------------------

  deleteHere() {
    const box = this.chosen
    if (box && this.confirming === box.track) return this.deleteTrack()
    const keys = box ? this.a.boxes.keyframes(box.track).filter(({ outside }) => !outside) : []
    if (box?.human && keys.length <= 1) return this.askDeleteTrack()
    this.#ofBox("hide")
  }

  removeKeyframe() { this.#ofBox("remove_keyframe") }
  toggleOccluded() { this.#ofBox("occluded", { occluded: !this.chosen?.occluded }) }

  /**
   * The box of the frame before becomes the box here: of the selected track, else every one
   * that is missing here.
   * @param {boolean} [all]
   */
  copyPrevious(all = false) {
    if (this.a.shown === 0) return this.a.say("There is no frame before this one.")
    const { track } = this.a.selection
    if (!all && track) this.#ofTrack("copy", track)
    else this.act("copy", { tracks: [], track: 0 })
  }

  // ---- its track ---------------------------------------------------------------------------

  endTrack() { this.#ofBox("end") }

  /** @param {number} track @param {number} frame */
  endTrackAt(track, frame) { this.#ofTrack("end", track, { frame }) }

  askDeleteTrack() {
    const { track } = this
    if (!track) return this.a.say(SELECT_FIRST)
    if (this.confirming === track.id) return this.deleteTrack()
    this.a.selection.pick(track.id)
    this.confirming = track.id
    this.a.say(`Press Delete again to delete ${track.label} ${track.id} on every frame, Esc to keep it.`)
  }

  deleteTrack() {
    const track = this.confirming ?? this.track?.id
    if (track) this.#ofTrack("delete", track)
  }

  /** @param {string} name */
  relabel(name) {
    if (this.track) this.#ofTrack("relabel", this.track.id, { name })
    else this.a.say(SELECT_FIRST)
  }

  split() { this.#ofBox("split") }

  /** The next track that is picked becomes part of this one. */
  startMerging() {
    const { track } = this
    if (!track) return this.a.say(SELECT_FIRST)
    this.merging = track.id
    this.a.selection.pick(track.id)
    this.a.say(`Now choose the track that is the same ${track.label} as ${track.id}. Esc to stop.`)
  }

  /** True if picking `track` meant a merge. @param {number | null} track @returns {boolean} */
  mergeWith(track) {
    const { merging } = this
    if (!merging || !track) return false
    this.merging = null
    if (track === merging) this.a.say("A track cannot be merged with itself. Choose another one.", true)
    else this.#ofTrack("merge", merging, { other: track })
    return true
  }

  // ---- proposals of a detector -------------------------------------------------------------

  /** @param {number[]} tracks */
  accept(tracks) { this.act("accept", { tracks }) }
  /** @param {number[]} tracks */
  reject(tracks) { this.act("reject", { tracks }) }

  /** @param {boolean} accepted */
  judge(accepted) {
    const { track } = this
    if (!track?.proposed) return this.a.say("Select a track that a detector proposes first.")
    if (accepted) this.accept([track.id])
    else this.reject([track.id])
  }

  // ---- labels, ranges, steps ---------------------------------------------------------------

  /** @param {number} index */
  labelAt(index) { return this.a.feed?.labels[index]?.name }

  /** @param {number} index */
  relabelAt(index) {
    const name = this.labelAt(index)
    if (name) this.relabel(name)
  }

  /** @param {number} index */
  chooseLabelAt(index) {
    const name = this.labelAt(index)
    if (name && name !== this.a.label) this.act("label", { name })
  }

  /** @param {string} name @param {string} color */
  addLabel(name, color) { this.act("add_label", { name, color }) }

  drawNext() {
    this.a.drawing.forceDraw = true
    this.a.say("The next drag draws a box.")
  }

  /** @param {number} first @param {number} last */
  markRange(first, last) {
    const end = Math.min(last, this.a.last)
    this.act("mark", { start: Math.min(first, end), stop: end + 1 })
  }

  /** @param {import("./box_store.js").Range} range */
  clearRange([start, stop]) { this.act("clear", { start, stop }) }

  /** Once for the first frame, once for the last. */
  markFromTo() {
    const { shown } = this.a
    if (this.rangeFrom === null) {
      this.rangeFrom = shown
      this.a.say(`Fully labelled from frame ${shown}. Go to the last such frame and press R again; Esc to stop.`)
      return
    }
    const from = this.rangeFrom
    this.rangeFrom = null
    this.markRange(Math.min(from, shown), Math.max(from, shown))
  }

  undo() { this.act("undo") }
  redo() { this.act("redo") }

  /** True if something was let go. */
  letGo() {
    const held = this.confirming !== null || this.merging !== null || this.rangeFrom !== null
    this.confirming = this.merging = this.rangeFrom = null
    return held
  }
}
