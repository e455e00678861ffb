/**
 * The queued edits as immutable records. All tabs of a browser share them; each function here maps
 * the records before a step to those after it, and each step is one transaction.
 *
 * An entry belongs to the tab that made it, its owner. Owners report every few seconds that they
 * are alive; the entries of a dead owner are adopted by the next tab that claims them.
 */

import { tracksOf, withRows } from "./operations.js"

/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/**
 * @typedef {object} Entry one step of a user, which the server does as a whole
 * @property {string} batch its id, here and on the server
 * @property {number} number entries are sent in ascending order
 * @property {string} owner
 * @property {"waiting" | "conflict" | "refused"} state
 * @property {string} reason why it was not done
 * @property {number} userId
 * @property {string} username
 * @property {number} videoId
 * @property {string} videoName
 * @property {number} revision on which the edit is based
 * @property {"edit" | "undo" | "redo"} kind
 * @property {Operation[]} ops
 * @property {number} frame the frame on the screen
 * @property {number} made milliseconds since 1970
 */
/** @typedef {{owner: string, aliveAt: number}} Owner */
/** @typedef {{entries: Entry[], owners: Owner[]}} Records */
/** @typedef {{userId: number, videoId: number}} Scope the edits of one user in one video */

export const DEAD_AFTER_MS = 10_000

/** @param {Records} records @param {Entry} entry @param {number} now @returns {Records} */
export function added({ entries, owners }, entry, now) {
  const number = 1 + Math.max(0, ...entries.map((each) => each.number))
  return { entries: [...entries, { ...entry, number }], owners: withOwner(owners, entry.owner, now) }
}

/**
 * `owner` adopts the entries of dead owners in `scope`, and is marked alive if it has any.
 * @param {Records} records @param {string} owner @param {Scope} scope @param {number} now
 * @returns {Records}
 */
export function claimed(records, owner, scope, now) {
  const others = records.owners.filter((each) => each.owner !== owner && !isDead(each, now))
  const alive = new Set([owner, ...others.map((each) => each.owner)])
  const entries = records.entries.map((entry) =>
    isIn(entry, scope) && !alive.has(entry.owner) ? { ...entry, owner } : entry,
  )
  const hasWork = entries.some((entry) => entry.owner === owner && entry.state === "waiting")
  return { entries, owners: hasWork ? withOwner(others, owner, now) : others }
}

/** @param {Owner[]} owners @param {string} owner @param {number} now */
function withOwner(owners, owner, now) {
  return [...owners.filter((each) => each.owner !== owner), { owner, aliveAt: now }]
}

/** `owner` is closing: others can adopt its entries at once. @param {Records} records @param {string} owner @returns {Records} */
export function released(records, owner) {
  return { ...records, owners: records.owners.filter((each) => each.owner !== owner) }
}

/**
 * A batch is done. Later entries of the video then refer to its new tracks by row id.
 * @param {Records} records @param {string} batch @param {Record<string, number>} tracks
 * @returns {Records}
 */
export function saved(records, batch, tracks) {
  const done = records.entries.find((entry) => entry.batch === batch)
  const entries = records.entries.filter((entry) => entry !== done)
  const rows = new Map(Object.entries(tracks))
  if (!done || !rows.size) return { ...records, entries }
  return {
    ...records,
    entries: entries.map((entry) => (entry.videoId === done.videoId ? withRowsOf(entry, rows) : entry)),
  }
}

/**
 * A batch was refused: it stays, with the reason, until the user dismisses it.
 * @param {Records} records @param {string} batch @param {"conflict" | "refused"} state @param {string} reason
 * @returns {Records}
 */
export function rejected(records, batch, state, reason) {
  return { ...records, entries: records.entries.map((each) => (each.batch === batch ? { ...each, state, reason } : each)) }
}

/** @param {Records} records @param {string[]} batches @returns {Records} */
export function dismissed(records, batches) {
  return { ...records, entries: records.entries.filter(({ batch }) => !batches.includes(batch)) }
}

/** The waiting entries of `owner` in `scope`, in order. @param {Records} records @param {string} owner @param {Scope} scope */
export function ownWaiting(records, owner, scope) {
  return inOrder(waitingIn(records, scope).filter((each) => each.owner === owner))
}

/** The waiting entries of all tabs in `scope`. @param {Records} records @param {Scope} scope */
export function waitingIn(records, scope) {
  return records.entries.filter((each) => each.state === "waiting" && isIn(each, scope))
}

/** The rejected entries in `scope`, in order. @param {Records} records @param {Scope} scope */
export function rejectedIn(records, scope) {
  return inOrder(records.entries.filter((each) => each.state !== "waiting" && isIn(each, scope)))
}

/**
 * Rejected entries, grouped by the unsaved track that they refer to: the first has the reason, the
 * others failed because the track does not exist.
 * @param {Entry[]} entries in order
 * @returns {Entry[][]}
 */
export function grouped(entries) {
  /** @type {{names: Set<TrackRef>, entries: Entry[]}[]} */
  const groups = []
  for (const entry of entries) {
    const names = new Set(entry.ops.flatMap(tracksOf).filter((ref) => typeof ref === "string"))
    const known = groups.find((group) => [...names].some((name) => group.names.has(name)))
    if (known) {
      known.entries.push(entry)
      for (const name of names) known.names.add(name)
    } else groups.push({ names, entries: [entry] })
  }
  return groups.map((group) => group.entries)
}

/**
 * The videos with waiting edits of a user that no open tab sends.
 * @param {Records} records @param {number} userId @param {number} now
 * @returns {{videoId: number, videoName: string}[]}
 */
export function orphanedVideos({ entries, owners }, userId, now) {
  const alive = new Set(owners.filter((each) => !isDead(each, now)).map((each) => each.owner))
  const orphans = entries.filter((each) => each.userId === userId && each.state === "waiting" && !alive.has(each.owner))
  return [...new Map(orphans.map(({ videoId, videoName }) => [videoId, { videoId, videoName }])).values()]
}

/** @param {Entry} entry @param {Map<TrackRef, number>} rows */
function withRowsOf(entry, rows) {
  return entry.ops.flatMap(tracksOf).some((ref) => rows.has(ref))
    ? { ...entry, ops: entry.ops.map((operation) => withRows(operation, rows)) }
    : entry
}

/** @param {Owner} owner @param {number} now */
function isDead({ aliveAt }, now) {
  // A clock set back must not keep a dead tab alive for hours.
  return Math.abs(now - aliveAt) > DEAD_AFTER_MS
}

/** @param {Entry} entry @param {Scope} scope */
function isIn(entry, { userId, videoId }) {
  return entry.userId === userId && entry.videoId === videoId
}

/** @param {Entry[]} entries */
function inOrder(entries) {
  return entries.sort((a, b) => a.number - b.number)
}
