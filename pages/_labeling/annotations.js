/**
 * The annotations of the open video: the local document, the queue of the user's edits, and the
 * sync with the server.
 */

import { BoxStore } from "./box_store.js"
import { LocalDocument } from "./local_document.js"
import { OperationQueue } from "./operation_queue.js"
import { apply } from "./operations.js"
import { Refused } from "./refused.js"
import { ServerSync } from "./server_sync.js"

/** @typedef {import("./operation_queue.js").Environment} Environment */
/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./queue_records.js").Entry} Entry */
/** @typedef {import("./server_sync.js").ServerChanges} ServerChanges */
/** @typedef {{id: number, name: string, width: number, height: number, frames: number}} Video */
/**
 * @typedef {object} AnnotationListener
 * @property {() => void} changed something visible
 * @property {(savedIds: ReadonlyMap<TrackRef, number>) => void} tracksSaved row ids by temporary track name
 * @property {(sentence: string) => void} refused
 * @property {(what: string, frame: number | null) => void} stepDone an undo or redo was done
 * @property {(changes: ServerChanges) => void} polled
 * @property {() => void} boxesChanged boxes between key frames have changed, or are about to
 */
/**
 * Whether the user's edits are saved: `loading` before the first document, `gone` once the video
 * was deleted, and the states of the queue.
 * @typedef {"loading" | "saved" | "waiting" | "offline" | "signed_out" | "no_access" | "other_user" | "gone"} Saving
 */

export class Annotations {
  /** The status of the last long poll, 0 without an answer. */
  #pollStatus = 200

  /**
   * @param {string} api root of the video's routes
   * @param {Video} video
   * @param {import("./owned_entries.js").User} user
   * @param {Environment} environment
   * @param {AnnotationListener} on
   */
  constructor(api, video, user, environment, on) {
    this.video = video
    this.on = on
    const { width, height } = video
    const shown = /** @type {BoxStore["shown"]} */ ((track, frame) => this.boxes.shown(track, frame))
    this.context = { frameCount: video.frames, width, height, shown }
    this.document = new LocalDocument(this.context, ({ savedIds }) => {
      if (savedIds.size) on.tracksSaved(savedIds)
      on.changed()
    })
    this.boxes = new BoxStore(api, this.document, () => on.changed())
    this.boxes.frameCount = video.frames
    this.queue = this.#makeQueue(user, environment)
    this.sync = this.#makeSync(api, environment)
  }

  /** @param {import("./owned_entries.js").User} user @param {Environment} environment */
  #makeQueue(user, environment) {
    const { document, on } = this
    return new OperationQueue(environment, user, this.video, {
      changed: () => {
        if (this.queue.state !== "sending") void this.sync.catchUp()
        on.changed()
      },
      adopted: (entry) => document.add(entry),
      saved: ({ batch, kind }, answer) => {
        document.confirm(batch, answer)
        if (kind !== "edit") on.stepDone(`${kind === "undo" ? "Undone" : "Redone"}: ${answer.what}`, answer.frame)
      },
      dropped: ({ batch }, sentence) => {
        document.drop(batch)
        void this.sync.refresh()
        if (sentence) on.refused(sentence)
      },
    })
  }

  /** @param {string} api @param {Environment} environment */
  #makeSync(api, environment) {
    const { on, document } = this
    return new ServerSync(api, document, environment, {
      mayApply: () => this.queue.state !== "sending",
      polled: (changes) => {
        this.context.frameCount = this.boxes.frameCount = changes.frames
        on.polled(changes)
      },
      boxesChanged: () => {
        this.boxes.invalidate()
        on.boxesChanged()
      },
      annotationsChanged: () => on.boxesChanged(),
      responded: (status) => {
        this.#pollStatus = status
        on.changed()
      },
    })
  }

  async start() {
    await Promise.all([this.queue.start(), this.sync.start()])
  }

  close() {
    this.sync.close()
    void this.queue.close()
  }

  /** Retry now: the network or the user is back. */
  wake() {
    this.queue.wake()
    this.sync.wake()
  }

  /** Whether the first document has been loaded. */
  get isLoaded() {
    return this.document.revision >= 0
  }

  /** @returns {Saving} */
  get saving() {
    const { state, waiting } = this.queue
    if (this.#pollStatus === 404) return "gone"
    if (state === "signed_out" || this.#pollStatus === 401) return "signed_out"
    if (state === "no_access" || state === "other_user") return state
    if (state === "retrying" || this.#pollStatus !== 200) return "offline"
    if (!this.isLoaded) return "loading"
    return waiting ? "waiting" : "saved"
  }

  /**
   * Do operations as one step. They are visible at once and sent soon.
   * @param {Operation[]} ops @param {number} frame the frame on the screen
   */
  do(ops, frame) {
    try {
      ops.reduce((before, operation) => apply(before, operation, this.context), this.document.current)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.on.refused(error.message)
      return
    }
    this.document.add(this.queue.add({ kind: "edit", ops, frame, revision: this.document.revision }))
  }

  /** Undo or redo the user's own last step. @param {"undo" | "redo"} kind @param {number} frame */
  undoOrRedo(kind, frame) {
    this.document.add(this.queue.add({ kind, ops: [], frame, revision: this.document.revision }))
  }

  /** Send rejected entries again, based on the newest revision. @param {Entry[]} entries */
  async retry(entries) {
    await this.sync.refresh()
    const batches = entries.map(({ batch }) => batch)
    for (const entry of this.queue.retry(batches, this.document.revision)) this.document.add(entry)
  }

  /** Discard rejected entries. @param {Entry[]} entries */
  dismiss(entries) {
    void this.queue.dismiss(entries.map(({ batch }) => batch))
  }
}
