// What a person does to boxes, tracks and ranges. Each act goes to the server by the outbox.

const SELECT_FIRST = "Select a box first: click it, or press Tab."

class Editing {
  constructor(annotator) {
    this.a = annotator
    this.confirming = null // the track whose deletion was asked for
    this.merging = null // the track that waits for a second one
    this.rangeFrom = null // the first frame of a range that waits for its last one
  }

  // Ask the server for something. What was drawn goes first.
  act(kind, details = {}) {
    const { a } = this
    if (a.surface.drag) return
    a.surface.flush()
    a.go.stop()
    a.outbox.add(kind, { frame: a.shown, ...details })
    a.paint()
  }

  commit() {
    if (this.a.surface.flush()) this.act("commit")
  }

  // A box drawn (`rect` null) or moved on the picture, in canvas pixels, before the canvas came.
  putAhead(rect, { x1, y1, x2, y2 }) {
    const [sx, sy] = this.a.scale
    const box = [x1 * sx, y1 * sy, x2 * sx, y2 * sy]
    this.act("put", { track: rect?.track ?? 0, occluded: rect?.occluded ?? false, box })
  }

  // The selected box, or the only one.
  get chosen() {
    const { boxesHere, selected } = this.a
    return boxesHere.find(({ track }) => track === selected) ?? (boxesHere.length === 1 ? boxesHere[0] : null)
  }

  // The selected track, wherever its boxes are, else that of the only box here. A box drawn
  // a moment ago is a track whose document is on its way.
  get track() {
    const { boxes, selected } = this.a
    const box = this.chosen
    return boxes.track(selected) ?? boxes.track(box?.track) ?? (box && { id: box.track, label: box.label, keyframes: [] })
  }

  #ofBox(kind, details = {}) {
    const box = this.chosen
    if (!box) return this.a.say(SELECT_FIRST)
    this.#ofTrack(kind, box.track, details)
  }

  #ofTrack(kind, track, details = {}) {
    this.confirming = null
    if (this.a.reach.isLocked(track)) return this.a.say(`Track ${track} is locked: open its lock in the list first.`, true)
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

  // The box of the frame before becomes the box here: of the selected track, else every one
  // that is missing here.
  copyPrevious(all = false) {
    if (this.a.shown === 0) return this.a.say("There is no frame before this one.")
    const { selected } = this.a
    if (!all && selected) this.#ofTrack("copy", selected)
    else this.act("copy", { tracks: [], track: 0 })
  }

  // ---- its track ---------------------------------------------------------------------------

  endTrack() { this.#ofBox("end") }

  endTrackAt(track, frame) { this.#ofTrack("end", track, { frame }) }

  askDeleteTrack() {
    const { track } = this
    if (!track) return this.a.say(SELECT_FIRST)
    if (this.confirming === track.id) return this.deleteTrack()
    this.a.pick(track.id)
    this.confirming = track.id
    this.a.say(`Press Delete again to delete ${track.label} ${track.id} on every frame, Esc to keep it.`)
  }

  deleteTrack() { this.#ofTrack("delete", this.confirming ?? this.track?.id) }

  relabel(name) {
    if (this.track) this.#ofTrack("relabel", this.track.id, { name })
    else this.a.say(SELECT_FIRST)
  }

  split() { this.#ofBox("split") }

  // The next track that is picked becomes part of this one.
  startMerging() {
    const { track } = this
    if (!track) return this.a.say(SELECT_FIRST)
    this.merging = track.id
    this.a.pick(track.id)
    this.a.say(`Now choose the track that is the same ${track.label} as ${track.id}. Esc to stop.`)
  }

  // True if picking `track` meant a merge.
  mergeWith(track) {
    const { merging } = this
    if (!merging || !track) return false
    this.merging = null
    if (track === merging) this.a.say("A track cannot be merged with itself. Choose another one.", true)
    else this.#ofTrack("merge", merging, { other: track })
    return true
  }

  // ---- proposals of a detector -------------------------------------------------------------

  accept(tracks) { this.act("accept", { tracks }) }
  reject(tracks) { this.act("reject", { tracks }) }

  judge(accepted) {
    const { track } = this
    if (!track?.proposed) return this.a.say("Select a track that a detector proposes first.")
    if (accepted) this.accept([track.id])
    else this.reject([track.id])
  }

  // ---- labels, ranges, steps ---------------------------------------------------------------

  labelAt(index) { return this.a.feed?.labels[index]?.name }

  relabelAt(index) {
    const name = this.labelAt(index)
    if (name) this.relabel(name)
  }

  chooseLabelAt(index) {
    const name = this.labelAt(index)
    if (name && name !== this.a.label) this.act("label", { name })
  }

  addLabel(name, color) { this.act("add_label", { name, color }) }

  drawNext() {
    this.a.surface.forceDraw = true
    this.a.say("The next drag draws a box.")
  }

  markRange(first, last) {
    const end = Math.min(last, this.a.last)
    this.act("mark", { start: Math.min(first, end), stop: end + 1 })
  }

  clearRange([start, stop]) { this.act("clear", { start, stop }) }

  // Once for the first frame, once for the last.
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

  // True if something was let go.
  letGo() {
    const held = this.confirming !== null || this.merging !== null || this.rangeFrom !== null
    this.confirming = this.merging = this.rangeFrom = null
    return held
  }
}
