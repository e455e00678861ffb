/**
 * The annotations as the user sees them: the server's newest document with the user's pending
 * edits applied.
 */

import { apply, withRows } from "./operations.js"
import { Refused } from "./refused.js"

/** @typedef {import("./operations.js").AnnotationDocument} AnnotationDocument */
/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./operations.js").VideoContext} VideoContext */
/** @typedef {import("./operations.js").Track} Track */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/**
 * @typedef {object} PendingEdit the used part of an entry of the operation queue
 * @property {string} batch
 * @property {"edit" | "undo" | "redo"} kind
 * @property {Operation[]} ops
 */
/**
 * @typedef {object} Answer the server's answer to a pending edit
 * @property {number} revision
 * @property {Record<string, number>} tracks row ids of the tracks that it created, by temporary name
 */
/**
 * @typedef {object} Changes the answer of `GET /annotations?since=`
 * @property {number} revision
 * @property {Track[]} tracks
 * @property {number[]} deleted
 * @property {import("./operations.js").Range[]} [ranges]
 * @property {import("./operations.js").Label[]} [labels]
 */
/**
 * @typedef {object} Difference between two versions of the visible document
 * @property {Set<TrackRef>} tracks changed, added or deleted
 * @property {boolean} labels
 * @property {boolean} ranges
 * @property {ReadonlyMap<TrackRef, number>} savedIds row ids of newly saved tracks, by temporary name
 */

/**
 * Operations whose result follows from the document alone. The others depend on boxes that only the
 * server knows, or create rows.
 * @type {Set<Operation["op"]>}
 */
const PREDICTABLE = new Set([
  "put_box", "remove_keyframe", "delete_track", "relabel_track", "merge_tracks", "accept_tracks",
  "mark_range", "clear_range",
])
/** @type {AnnotationDocument} */
const EMPTY = { revision: -1, labels: [], tracks: [], ranges: [] }

export class LocalDocument {
  /** @type {AnnotationDocument} */ #base = EMPTY
  /** @type {AnnotationDocument} */ #current = EMPTY
  /** @type {Map<TrackRef, Track>} the visible tracks */ #byId = new Map()
  /** @type {PendingEdit[]} */ #pending = []
  /** @type {Map<string, Answer>} by batch, until the base contains the edit */ #answers = new Map()
  /** @type {Map<TrackRef, number>} row ids of the base's tracks, by temporary name */ #rows = new Map()

  /**
   * @param {VideoContext} context
   * @param {(difference: Difference) => void} changed
   */
  constructor(context, changed) {
    this.context = context
    this.changed = changed
  }

  /** The revision of the server's document; -1 before the first one. */
  get revision() {
    return this.#base.revision
  }

  /** The newest revision in the answers to edits. */
  get newestRevision() {
    return Math.max(this.revision, ...[...this.#answers.values()].map(({ revision }) => revision))
  }

  /** The tracks of the server's document. */
  get savedTracks() {
    return this.#base.tracks
  }

  /** The visible document. @returns {AnnotationDocument} */
  get current() {
    return this.#current
  }

  get labels() {
    return this.#current.labels
  }

  get tracks() {
    return this.#current.tracks
  }

  get ranges() {
    return this.#current.ranges
  }

  /** @param {TrackRef | null} ref @returns {Track | undefined} */
  track(ref) {
    return ref === null ? undefined : this.#byId.get(this.rowOf(ref))
  }

  /** The row id of a saved track, otherwise its temporary name. @param {TrackRef} ref @returns {TrackRef} */
  rowOf(ref) {
    return this.#rows.get(ref) ?? ref
  }

  /** Replace the server's document. @param {AnnotationDocument} document */
  replace(document) {
    if (document.revision < this.#base.revision) return
    this.#base = document
    this.#update()
  }

  /** Apply what changed on the server since an older revision. @param {Changes} changes */
  applyChanges({ revision, tracks, deleted, ranges, labels }) {
    if (revision < this.#base.revision) return
    const removed = new Set(deleted)
    const changed = new Map(tracks.map((track) => [track.id, track]))
    const kept = this.#base.tracks.filter(({ id }) => !removed.has(/** @type {number} */ (id)))
    const known = new Set(kept.map(({ id }) => id))
    this.#base = {
      revision,
      labels: labels ?? this.#base.labels,
      tracks: [...kept.map((track) => changed.get(track.id) ?? track), ...tracks.filter(({ id }) => !known.has(id))],
      ranges: ranges ?? this.#base.ranges,
    }
    this.#update()
  }

  /** Add an edit of the user. @param {PendingEdit} edit */
  add(edit) {
    this.#pending.push(edit)
    this.#update()
  }

  /**
   * The server has done an edit. If nobody else has edited since and the result is predictable,
   * nothing needs to be fetched.
   * @param {string} batch @param {Answer} answer
   */
  confirm(batch, answer) {
    this.#answers.set(batch, answer)
    const [first] = this.#pending
    const isNext = first?.batch === batch && answer.revision === this.revision + 1
    if (isNext && this.#isPredictable(first)) this.#base = this.#applied(first, answer)
    this.#update()
  }

  /** Remove an edit that the server will not do. @param {string} batch */
  drop(batch) {
    this.#pending = this.#pending.filter((edit) => edit.batch !== batch)
    this.#update()
  }

  /** A pending undo would have to remove the edit from the document again. @param {PendingEdit} edit */
  #isPredictable({ ops }) {
    return ops.every(({ op }) => PREDICTABLE.has(op)) && this.#pending.every(({ kind }) => kind === "edit")
  }

  /** The base with a done edit. @param {PendingEdit} edit @param {Answer} answer @returns {AnnotationDocument} */
  #applied(edit, { revision, tracks: rows }) {
    const after = this.#with(this.#base, edit)
    const tracks = after.tracks.map((track) => (track.id in rows ? { ...track, id: rows[track.id] ?? track.id } : track))
    return { ...after, revision, tracks }
  }

  #update() {
    const savedIds = this.#forgetContained()
    const before = this.#current
    this.#current = effective(this.#pending).reduce((document, edit) => this.#with(document, edit), this.#base)
    this.#byId = new Map(this.#current.tracks.map((track) => [track.id, track]))
    this.changed({ ...differenceOf(before, this.#current), savedIds })
  }

  /** Forget the edits that the base contains; returns the row ids of their tracks. */
  #forgetContained() {
    /** @type {Map<TrackRef, number>} */
    const savedIds = new Map()
    for (const [batch, { revision, tracks }] of this.#answers) {
      if (revision > this.#base.revision) continue
      for (const [name, row] of Object.entries(tracks)) savedIds.set(name, row)
      this.#answers.delete(batch)
      this.#pending = this.#pending.filter((edit) => edit.batch !== batch)
    }
    for (const [name, row] of savedIds) this.#rows.set(name, row)
    return savedIds
  }

  /** `document` with an edit, unless the server will refuse it. @param {AnnotationDocument} document @param {PendingEdit} edit */
  #with(document, { ops }) {
    const operations = ops.map((operation) => withRows(operation, this.#rows))
    try {
      return operations.reduce((before, operation) => apply(before, operation, this.context), document)
    } catch (error) {
      if (error instanceof Refused) return document
      throw error
    }
  }
}

/**
 * The edits that remain after the undos and redos among them. An undo without an edit before it
 * reverts something that the server has already done, which is unknown here.
 * @template {PendingEdit} E
 * @param {E[]} pending
 * @returns {E[]}
 */
export function effective(pending) {
  /** @type {E[]} */
  const done = []
  /** @type {(E | undefined)[]} */
  const undone = []
  for (const edit of pending) {
    if (edit.kind === "undo") {
      undone.push(done.pop())
    } else if (edit.kind === "redo") {
      const again = undone.pop()
      if (again) done.push(again)
    } else {
      done.push(edit)
      undone.length = 0
    }
  }
  return done
}

/** @param {AnnotationDocument} before @param {AnnotationDocument} after */
function differenceOf(before, after) {
  const old = new Map(before.tracks.map((track) => [track.id, track]))
  const tracks = new Set(after.tracks.filter((track) => old.get(track.id) !== track).map(({ id }) => id))
  const now = new Set(after.tracks.map(({ id }) => id))
  for (const id of old.keys()) if (!now.has(id)) tracks.add(id)
  return { tracks, labels: before.labels !== after.labels, ranges: before.ranges !== after.ranges }
}
