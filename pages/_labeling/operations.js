/**
 * The edit operations of `PATCH /videos/{id}/annotations`, applied to a document.
 *
 * The screen shows this result until the server has answered. The rules are those of
 * `tpod_core/annotations/edits.py`; a test compares the two.
 */

import { keyframeAt } from "./interpolation.js"
import { cleanLabelName, findLabel } from "./label_names.js"
import { merged, split } from "./merge_split.js"
import { union, without } from "./ranges.js"
import { Refused } from "./refused.js"

/** @typedef {[number, number, number, number]} Box left, top, right, bottom in frame pixels */
/** @typedef {[number, number]} Range frames `start <= frame < stop` */
/** @typedef {number | string} TrackRef a row id, or the temporary name `"new:<key>"` of an unsaved track */
/** @typedef {{name: string, color: string, id: number | null}} Label */
/**
 * @typedef {object} Keyframe
 * @property {number} frame
 * @property {Box} box
 * @property {boolean} outside the box ends here until the next key frame
 * @property {boolean} occluded
 * @property {string} source "manual", "tracked", "detected" or "imported"
 */
/**
 * @typedef {object} Track
 * @property {TrackRef} id
 * @property {string} label
 * @property {Keyframe[]} keyframes in the order of time
 * @property {boolean} proposed by a detector, until the user accepts it
 * @property {number | null} score
 */
/**
 * @typedef {object} AnnotationDocument
 * @property {number} revision
 * @property {Label[]} labels
 * @property {Track[]} tracks
 * @property {Range[]} ranges fully labelled, sorted and disjoint
 */

/**
 * @typedef {{op: "put_box", frame: number, box: Box, track_id: TrackRef, label?: string,
 *   occluded?: boolean, source?: string}} PutBox
 * @typedef {{op: "remove_keyframe" | "hide_box" | "end_track", track_id: TrackRef,
 *   frame: number}} FrameEdit
 * @typedef {{op: "set_occluded", track_id: TrackRef, frame: number, occluded: boolean}} SetOccluded
 * @typedef {{op: "split_track", track_id: TrackRef, frame: number, new_id: string}} SplitTrack
 * @typedef {{op: "delete_track", track_id: TrackRef}} DeleteTrack
 * @typedef {{op: "relabel_track", track_id: TrackRef, label: string}} RelabelTrack
 * @typedef {{op: "merge_tracks", track_id: TrackRef, other_id: TrackRef}} MergeTracks
 * @typedef {{op: "accept_tracks", track_ids: TrackRef[]}} AcceptTracks
 * @typedef {{op: "mark_range" | "clear_range", start: number, stop: number}} RangeEdit
 * @typedef {{op: "add_label", name: string, color?: string}} AddLabel
 * @typedef {PutBox | FrameEdit | SetOccluded | SplitTrack | DeleteTrack | RelabelTrack | MergeTracks
 *   | AcceptTracks | RangeEdit | AddLabel} Operation
 */

/**
 * The limits of a video, and the box shown of a track on a frame.
 * @typedef {object} VideoContext
 * @property {number} frameCount
 * @property {number} width
 * @property {number} height
 * @property {(track: Track, frame: number) => Keyframe | null} [shown] linear interpolation by default
 */

export const MIN_SIDE_PX = 5
const LEAST_SIDE_PX = 0.01 // as the server has it
const DEFAULT_COLOR = "#888888"

/**
 * Returns `document` with `operation` applied; the given document is not changed.
 * @param {AnnotationDocument} document
 * @param {Operation} operation
 * @param {VideoContext} context
 * @returns {AnnotationDocument}
 * @throws {Refused}
 */
export function apply(document, operation, context) {
  switch (operation.op) {
    case "put_box":
      return putBox(document, operation, context)
    case "delete_track":
      return withoutTrack(document, trackOf(document, operation.track_id).id)
    case "accept_tracks":
      return acceptTracks(document, operation)
    case "merge_tracks":
      return mergeTracks(document, operation)
    case "split_track":
      return splitTrack(document, operation, context)
    case "mark_range":
    case "clear_range":
      return { ...document, ranges: editedRanges(document.ranges, operation, context) }
    case "add_label":
      return { ...document, labels: withLabel(document.labels, operation) }
    default:
      return withTrack(document, editedTrack(document, operation, context))
  }
}

/** The tracks that an operation refers to. @param {Operation} operation @returns {TrackRef[]} */
export function tracksOf(operation) {
  if (operation.op === "accept_tracks") return operation.track_ids
  if (operation.op === "merge_tracks") return [operation.track_id, operation.other_id]
  if (operation.op === "split_track") return [operation.track_id, operation.new_id]
  return "track_id" in operation ? [operation.track_id] : []
}

/**
 * The same operation with the row ids of saved tracks instead of their temporary names.
 * @param {Operation} operation
 * @param {ReadonlyMap<TrackRef, number>} rows
 * @returns {Operation}
 */
export function withRows(operation, rows) {
  if (!tracksOf(operation).some((ref) => rows.has(ref))) return operation
  const row = (/** @type {TrackRef} */ ref) => rows.get(ref) ?? ref
  if (operation.op === "accept_tracks") return { ...operation, track_ids: operation.track_ids.map(row) }
  if (operation.op === "merge_tracks") {
    return { ...operation, track_id: row(operation.track_id), other_id: row(operation.other_id) }
  }
  if (!("track_id" in operation)) return operation
  return { ...operation, track_id: row(operation.track_id) }
}

/** @param {AnnotationDocument} document @param {PutBox} operation @param {VideoContext} context */
function putBox(document, operation, context) {
  const { label, occluded = false, source = "manual", track_id: id } = operation
  const track = document.tracks.find((each) => each.id === id)
  const frame = checkedFrame(operation.frame, context)
  // The box of a track that is there may be as small as one that was imported.
  const box = checkedBox(operation.box, context, track ? LEAST_SIDE_PX : MIN_SIDE_PX)
  const keyframe = { frame, box, outside: false, occluded, source }
  if (track) {
    const proposed = track.proposed && source !== "manual"
    return withTrack(document, { ...track, proposed, keyframes: withKeyframe(track.keyframes, keyframe) })
  }
  requireFreeName(document, id)
  if (!label) throw new Refused("A new box needs a label.")
  requireLabel(document, label)
  return withTrack(document, { id, label, keyframes: [keyframe], proposed: false, score: null })
}

/** @param {AnnotationDocument} document @param {AcceptTracks} operation */
function acceptTracks(document, { track_ids }) {
  return track_ids.reduce((before, id) => withTrack(before, { ...trackOf(before, id), proposed: false }), document)
}

/** @param {AnnotationDocument} document @param {MergeTracks} operation */
function mergeTracks(document, { track_id, other_id }) {
  const [track, other] = [trackOf(document, track_id), trackOf(document, other_id)]
  if (track === other) throw new Refused(`Track ${track.id} cannot be merged with itself. Choose another one.`)
  return withoutTrack(withTrack(document, merged(track, other)), other.id)
}

/** @param {AnnotationDocument} document @param {SplitTrack} operation @param {VideoContext} context */
function splitTrack(document, { track_id, frame, new_id }, context) {
  const track = trackOf(document, track_id)
  requireFreeName(document, new_id)
  const { earlier, later } = split(track, shownOn(track, frame, context), new_id)
  return withTrack(withTrack(document, earlier), later)
}

/** @param {AnnotationDocument} document @param {FrameEdit | SetOccluded | RelabelTrack} operation @param {VideoContext} context */
function editedTrack(document, operation, context) {
  const track = trackOf(document, operation.track_id)
  if (operation.op === "relabel_track") {
    requireLabel(document, operation.label)
    return { ...track, label: operation.label }
  }
  const keyframes = editedKeyframes(track, operation, context)
  if (keyframes.every(({ outside }) => outside)) {
    throw new Refused(`This is the only box of track ${track.id}. Delete the track instead.`)
  }
  return { ...track, keyframes }
}

/** @param {Track} track @param {FrameEdit | SetOccluded} operation @param {VideoContext} context */
function editedKeyframes(track, operation, context) {
  const { keyframes } = track
  const { frame } = operation
  if (operation.op === "remove_keyframe") {
    if (!keyframes.some((each) => each.frame === frame)) throw new Refused(`Track ${track.id} has no key frame ${frame}.`)
    return keyframes.filter((each) => each.frame !== frame)
  }
  const shown = shownOn(track, frame, context)
  if (operation.op === "set_occluded") return withKeyframe(keyframes, { ...shown, occluded: operation.occluded })
  const ended = { ...shown, outside: true }
  if (operation.op === "end_track") return [...keyframes.filter((each) => each.frame < frame), ended]
  const following = frame + 1
  const hidden = withKeyframe(keyframes, ended)
  if (following === context.frameCount || keyframes.some((each) => each.frame === following)) return hidden
  return withKeyframe(hidden, shownOn(track, following, context))
}

/** @param {Range[]} ranges @param {RangeEdit} operation @param {VideoContext} context */
function editedRanges(ranges, { op, start, stop }, { frameCount }) {
  if (!(0 <= start && start < stop && stop <= frameCount)) {
    throw new Refused(`Frames ${start} to ${stop} (not included) are not in this video.`)
  }
  return op === "mark_range" ? union([...ranges, [start, stop]]) : without(ranges, start, stop)
}

/** @param {Label[]} labels @param {AddLabel} operation */
function withLabel(labels, { name, color = DEFAULT_COLOR }) {
  const clean = cleanLabelName(name)
  if (findLabel(labels, clean)) return labels
  return [...labels, { name: clean, color, id: null }]
}

/** @param {AnnotationDocument} document @param {Track} track @returns {AnnotationDocument} */
function withTrack(document, track) {
  const isKnown = document.tracks.some(({ id }) => id === track.id)
  const tracks = isKnown
    ? document.tracks.map((each) => (each.id === track.id ? track : each))
    : [...document.tracks, track]
  return { ...document, tracks }
}

/** @param {AnnotationDocument} document @param {TrackRef} id @returns {AnnotationDocument} */
function withoutTrack(document, id) {
  return { ...document, tracks: document.tracks.filter((track) => track.id !== id) }
}

/** @param {Keyframe[]} keyframes @param {Keyframe} keyframe */
function withKeyframe(keyframes, keyframe) {
  return [...keyframes.filter(({ frame }) => frame !== keyframe.frame), keyframe].sort(byFrame)
}

/** @param {Keyframe} a @param {Keyframe} b */
function byFrame(a, b) {
  return a.frame - b.frame
}

/** @param {AnnotationDocument} document @param {TrackRef} id */
function trackOf(document, id) {
  const track = document.tracks.find((each) => each.id === id)
  if (!track) throw new Refused(`There is no track ${id} in this video.`)
  return track
}

/** @param {Track} track @param {number} frame @param {VideoContext} context */
function shownOn(track, frame, context) {
  checkedFrame(frame, context)
  const shown = context.shown ? context.shown(track, frame) : keyframeAt(track.keyframes, frame)
  if (!shown) throw new Refused(`Track ${track.id} has no box on frame ${frame}.`)
  return shown
}

/** @param {AnnotationDocument} document @param {TrackRef} id */
function requireFreeName({ tracks }, id) {
  if (typeof id === "number") throw new Refused(`There is no track ${id} in this video.`)
  if (tracks.some((track) => track.id === id)) throw new Refused(`There is a track ${id} already.`)
}

/** @param {AnnotationDocument} document @param {string} name */
function requireLabel({ labels }, name) {
  if (!labels.some((label) => label.name === name)) {
    throw new Refused(`There is no label "${name}". Add it to the video first.`)
  }
}

/** @param {number} frame @param {VideoContext} context */
function checkedFrame(frame, { frameCount }) {
  if (Number.isInteger(frame) && 0 <= frame && frame < frameCount) return frame
  throw new Refused(`There is no frame ${frame}: this video has frames 0 to ${frameCount - 1}.`)
}

/** The part of a box inside the frame. @param {Box} box @param {VideoContext} context @param {number} minSide @returns {Box} */
function checkedBox([x1, y1, x2, y2], { width, height }, minSide) {
  const inside = (/** @type {number} */ value, /** @type {number} */ end) => Math.min(Math.max(value, 0), end)
  /** @type {Box} */
  const box = [inside(x1, width), inside(y1, height), inside(x2, width), inside(y2, height)]
  // NaN fails this comparison too.
  if (box[2] - box[0] >= minSide && box[3] - box[1] >= minSide) return box
  throw new Refused(`A box needs at least ${minSide} pixels each way.`)
}
