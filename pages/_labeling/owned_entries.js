/**
 * The entries of the operation queue that this tab has to send, kept in step with the store that
 * all tabs share. A new entry is visible at once and stored afterwards.
 */

import { added, claimed, dismissed, ownWaiting, rejected, rejectedIn, released, saved, waitingIn } from "./queue_records.js"
import { randomId } from "./random_id.js"

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./queue_records.js").Entry} Entry */
/** @typedef {import("./queue_records.js").Records} Records */
/** @typedef {import("./queue_store.js").QueueStore} QueueStore */
/** @typedef {{id: number, username: string}} User */
/** @typedef {{id: number, name: string}} Video */
/** @typedef {{kind: "edit" | "undo" | "redo", ops: Operation[], frame: number, revision: number}} Step */
/**
 * @typedef {object} EntryListener
 * @property {() => void} changed
 * @property {(entry: Entry) => void} adopted from a closed tab
 * @property {(entry: Entry) => void} lost adopted by another tab
 */

export class OwnedEntries {
  /** @type {Entry[]} in order */ waiting = []
  /** @type {Entry[]} not done and not dismissed yet */ rejected = []
  /** The number of entries waiting in other tabs. */ elsewhere = 0
  #owner = randomId()
  /** @type {Set<string>} batches being stored */ #unstored = new Set()
  /** @type {Set<string>} finished batches */ #finished = new Set()

  /** @param {QueueStore} store @param {Clock} clock @param {User} user @param {Video} video @param {EntryListener} on */
  constructor(store, clock, user, video, on) {
    this.store = store
    this.clock = clock
    this.user = user
    this.video = video
    this.on = on
    this.scope = { userId: user.id, videoId: video.id }
  }

  /** Mark this tab as alive, and adopt the entries of closed ones. */
  claim() {
    return this.#change((records) => claimed(records, this.#owner, this.scope, this.clock.now()))
  }

  /** Release all entries to the next tab that claims them. */
  async release() {
    await this.store.change((records) => released(records, this.#owner))
  }

  /**
   * Add an entry; returns it with a promise that resolves once it is stored.
   * @param {Step} step
   * @returns {[Entry, Promise<void>]}
   */
  add(step) {
    const entry = {
      ...step,
      batch: randomId(),
      number: 0,
      owner: this.#owner,
      state: /** @type {const} */ ("waiting"),
      reason: "",
      userId: this.user.id,
      username: this.user.username,
      videoId: this.video.id,
      videoName: this.video.name,
      made: this.clock.now(),
    }
    return [entry, this.#store([entry], [])]
  }

  /**
   * Replace rejected entries by new ones with the same operations.
   * @param {string[]} batches @param {number} revision
   * @returns {[Entry[], Promise<void>]}
   */
  retry(batches, revision) {
    const old = this.rejected.filter(({ batch }) => batches.includes(batch))
    /** @type {Entry[]} */
    const fresh = old.map((entry) => ({
      ...entry, batch: randomId(), owner: this.#owner, state: "waiting", reason: "", revision,
    }))
    this.rejected = this.rejected.filter((entry) => !old.includes(entry))
    return [fresh, this.#store(fresh, batches)]
  }

  /** @param {string[]} batches */
  dismiss(batches) {
    return this.#change((records) => dismissed(records, batches))
  }

  /** The server has done an entry. @param {Entry} entry @param {Record<string, number>} tracks row ids of created tracks, by name */
  saved(entry, tracks) {
    return this.#finish(entry, (records) => saved(records, entry.batch, tracks))
  }

  /** The server has refused an entry. @param {Entry} entry @param {"conflict" | "refused"} state @param {string} reason */
  reject(entry, state, reason) {
    return this.#finish(entry, (records) => rejected(records, entry.batch, state, reason))
  }

  /** @param {Entry} entry @param {(records: Records) => Records} step */
  #finish({ batch }, step) {
    this.#finished.add(batch)
    this.waiting = this.waiting.filter((each) => each.batch !== batch)
    return this.#change(step)
  }

  /** @param {Entry[]} entries @param {string[]} replaced */
  async #store(entries, replaced) {
    this.waiting = [...this.waiting, ...entries]
    for (const { batch } of entries) this.#unstored.add(batch)
    this.on.changed()
    const now = this.clock.now()
    const records = await this.store.change((before) =>
      entries.reduce((kept, entry) => added(kept, entry, now), dismissed(before, replaced)),
    )
    for (const { batch } of entries) this.#unstored.delete(batch)
    this.#sync(records)
  }

  /** @param {(records: Records) => Records} step */
  async #change(step) {
    this.#sync(await this.store.change(step))
  }

  /** Update from the stored records, which lack the entries being stored. @param {Records} records */
  #sync(records) {
    const before = this.waiting
    const own = ownWaiting(records, this.#owner, this.scope).filter(({ batch }) => !this.#finished.has(batch))
    const stored = batchesOf(own)
    this.waiting = [...own, ...before.filter(({ batch }) => this.#unstored.has(batch) && !stored.has(batch))]
    this.rejected = rejectedIn(records, this.scope)
    this.elsewhere = waitingIn(records, this.scope).filter(({ owner }) => owner !== this.#owner).length
    const [known, now] = [batchesOf(before), batchesOf(this.waiting)]
    for (const entry of this.waiting) if (!known.has(entry.batch)) this.on.adopted(entry)
    for (const entry of before) if (!now.has(entry.batch)) this.on.lost(entry)
    this.on.changed()
  }
}

/** @param {Entry[]} entries */
function batchesOf(entries) {
  return new Set(entries.map(({ batch }) => batch))
}
