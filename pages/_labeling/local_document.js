/**
 * The annotations as the person sees them: the server's newest document, with the edits on top
 * that it does not contain yet.
 */

import { apply, withRows } from "./operations.js"
import { Refused } from "./refused.js"

/** @typedef {import("./operations.js").AnnotationDocument} AnnotationDocument */
/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./operations.js").Scene} Scene */
/** @typedef {import("./operations.js").Track} Track */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/**
 * @typedef {object} PendingEdit an entry of the operation queue, as far as it matters here
 * @property {string} batch
 * @property {"edit" | "undo" | "redo"} kind
 * @property {Operation[]} ops
 */
/**
 * @typedef {object} Answer of the server to one pending edit
 * @property {number} revision
 * @property {Record<string, number>} tracks the rows of the tracks that it made, by name
 */
/**
 * @typedef {object} Changes what `GET /annotations?since=` answers
 * @property {number} revision
 * @property {Track[]} tracks
 * @property {number[]} deleted
 * @property {import("./operations.js").Range[]} [ranges]
 * @property {import("./operations.js").Label[]} [labels]
 */
/**
 * @typedef {object} Difference between what was seen before and what is seen now
 * @property {Set<TrackRef>} tracks changed, new or gone
 * @property {boolean} labels
 * @property {boolean} ranges
 * @property {ReadonlyMap<TrackRef, number>} named tracks that are known by their row from now on
 */

/**
 * What these do follows from the document alone. The others fix boxes that the server has found,
 * or make rows of which only the server knows everything.
 * @type {Set<Operation["op"]>}
 */
const EXACT = new Set([
  "put_box", "remove_keyframe", "delete_track", "relabel_track", "merge_tracks", "accept_tracks",
  "mark_range", "clear_range",
])
/** @type {AnnotationDocument} */
const EMPTY = { revision: -1, labels: [], tracks: [], ranges: [] }

export class LocalDocument {
  /** @type {AnnotationDocument} */ #base = EMPTY
  /** @type {AnnotationDocument} */ #seen = EMPTY
  /** @type {Map<TrackRef, Track>} the tracks that are seen */ #byId = new Map()
  /** @type {PendingEdit[]} */ #pending = []
  /** @type {Map<string, Answer>} by batch, until the base contains the edit */ #answers = new Map()
  /** @type {Map<TrackRef, number>} names of tracks that the base has */ #rows = new Map()

  /**
   * @param {Scene} scene
   * @param {(difference: Difference) => void} changed
   */
  constructor(scene, changed) {
    this.scene = scene
    this.changed = changed
  }

  /** The server's revision below what is seen; -1 before the first document. */
  get revision() {
    return this.#base.revision
  }

  /** The newest revision that an answer to an edit has named. */
  get wantedRevision() {
    return Math.max(this.revision, ...[...this.#answers.values()].map(({ revision }) => revision))
  }

  /** The tracks of the server's document. */
  get savedTracks() {
    return this.#base.tracks
  }

  /** What is seen. @returns {AnnotationDocument} */
  get seen() {
    return this.#seen
  }

  get labels() {
    return this.#seen.labels
  }

  get tracks() {
    return this.#seen.tracks
  }

  get ranges() {
    return this.#seen.ranges
  }

  /** @param {TrackRef | null} ref @returns {Track | undefined} */
  track(ref) {
    return ref === null ? undefined : this.#byId.get(this.rowOf(ref))
  }

  /** The row of a track that was saved, else its name. @param {TrackRef} ref @returns {TrackRef} */
  rowOf(ref) {
    return this.#rows.get(ref) ?? ref
  }

  /** The server's document as a whole. @param {AnnotationDocument} document */
  take(document) {
    if (document.revision < this.#base.revision) return
    this.#base = document
    this.#update()
  }

  /** What changed on the server since an older revision. @param {Changes} changes */
  takeChanges({ revision, tracks, deleted, ranges, labels }) {
    if (revision < this.#base.revision) return
    const gone = new Set(deleted)
    const fresh = new Map(tracks.map((track) => [track.id, track]))
    const kept = this.#base.tracks.filter(({ id }) => !gone.has(/** @type {number} */ (id)))
    const known = new Set(kept.map(({ id }) => id))
    this.#base = {
      revision,
      labels: labels ?? this.#base.labels,
      tracks: [...kept.map((track) => fresh.get(track.id) ?? track), ...tracks.filter(({ id }) => !known.has(id))],
      ranges: ranges ?? this.#base.ranges,
    }
    this.#update()
  }

  /** One more edit of this person. @param {PendingEdit} edit */
  add(edit) {
    this.#pending.push(edit)
    this.#update()
  }

  /**
   * The server has done an edit. Where nobody else has edited since, and the outcome is certain,
   * nothing needs to be fetched.
   * @param {string} batch @param {Answer} answer
   */
  answered(batch, answer) {
    this.#answers.set(batch, answer)
    const [first] = this.#pending
    const isNext = first?.batch === batch && answer.revision === this.revision + 1
    if (isNext && this.#isCertain(first)) this.#base = this.#done(first, answer)
    this.#update()
  }

  /** An edit that will never be done. @param {string} batch */
  drop(batch) {
    this.#pending = this.#pending.filter((edit) => edit.batch !== batch)
    this.#update()
  }

  /** An undo that waits would have to take the edit back from the document again. @param {PendingEdit} edit */
  #isCertain({ ops }) {
    return ops.every(({ op }) => EXACT.has(op)) && this.#pending.every(({ kind }) => kind === "edit")
  }

  /** The base with an edit that the server has done. @param {PendingEdit} edit @param {Answer} answer @returns {AnnotationDocument} */
  #done(edit, { revision, tracks: rows }) {
    const after = this.#with(this.#base, edit)
    const tracks = after.tracks.map((track) => (track.id in rows ? { ...track, id: rows[track.id] ?? track.id } : track))
    return { ...after, revision, tracks }
  }

  #update() {
    const named = this.#forgetContained()
    const before = this.#seen
    this.#seen = effective(this.#pending).reduce((document, edit) => this.#with(document, edit), this.#base)
    this.#byId = new Map(this.#seen.tracks.map((track) => [track.id, track]))
    this.changed({ ...differenceOf(before, this.#seen), named })
  }

  /** Forget the edits that the base contains, and learn the rows of their tracks. */
  #forgetContained() {
    /** @type {Map<TrackRef, number>} */
    const named = new Map()
    for (const [batch, { revision, tracks }] of this.#answers) {
      if (revision > this.#base.revision) continue
      for (const [name, row] of Object.entries(tracks)) named.set(name, row)
      this.#answers.delete(batch)
      this.#pending = this.#pending.filter((edit) => edit.batch !== batch)
    }
    for (const [name, row] of named) this.#rows.set(name, row)
    return named
  }

  /** `document` with an edit; without it where the server will refuse it. @param {AnnotationDocument} document @param {PendingEdit} edit */
  #with(document, { ops }) {
    const operations = ops.map((operation) => withRows(operation, this.#rows))
    try {
      return operations.reduce((before, operation) => apply(before, operation, this.scene), document)
    } catch (error) {
      if (error instanceof Refused) return document
      throw error
    }
  }
}

/**
 * The edits that are left when each undo and redo among them has been followed. An undo without
 * an edit before it takes back what the server has done already: what that was is not known here.
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
