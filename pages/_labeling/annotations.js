/**
 * The annotations of the open video: what is seen of them, what is done to them, and how that
 * stands with the server.
 */

import { BoxStore } from "./box_store.js"
import { LocalDocument } from "./local_document.js"
import { OperationQueue } from "./operation_queue.js"
import { apply } from "./operations.js"
import { Refused } from "./refused.js"
import { ServerSync } from "./server_sync.js"

/** @typedef {import("./operation_queue.js").Surroundings} Surroundings */
/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./queue_records.js").Entry} Entry */
/** @typedef {import("./server_sync.js").News} News */
/** @typedef {{id: number, name: string, width: number, height: number, frames: number}} Video */
/**
 * @typedef {object} AnnotationListener
 * @property {() => void} changed something that is seen
 * @property {(named: ReadonlyMap<TrackRef, number>) => void} named tracks have rows now
 * @property {(sentence: string) => void} refused
 * @property {(what: string, frame: number | null) => void} stepped an undo or redo was done
 * @property {(news: News) => void} told
 * @property {() => void} moved boxes between key frames are others now, or about to be
 */
/**
 * How what the person did stands: `loading` before anything is known, `gone` once the video was
 * deleted, and the states of the queue.
 * @typedef {"loading" | "saved" | "waiting" | "offline" | "signed_out" | "no_access" | "other_user" | "gone"} Saving
 */

export class Annotations {
  /** The server's last answer to the long poll: its status, 0 without an answer. */
  #reached = 200

  /**
   * @param {string} api root of the video's routes
   * @param {Video} video
   * @param {import("./owned_entries.js").User} user
   * @param {Surroundings} surroundings
   * @param {AnnotationListener} on
   */
  constructor(api, video, user, surroundings, on) {
    this.video = video
    this.on = on
    const { width, height } = video
    const shown = /** @type {BoxStore["shown"]} */ ((track, frame) => this.boxes.shown(track, frame))
    this.scene = { frameCount: video.frames, width, height, shown }
    this.document = new LocalDocument(this.scene, ({ named }) => {
      if (named.size) on.named(named)
      on.changed()
    })
    this.boxes = new BoxStore(api, this.document, () => on.changed())
    this.boxes.frameCount = video.frames
    this.queue = this.#makeQueue(user, surroundings)
    this.sync = this.#makeSync(api, surroundings)
  }

  /** @param {import("./owned_entries.js").User} user @param {Surroundings} surroundings */
  #makeQueue(user, surroundings) {
    const { document, on } = this
    return new OperationQueue(surroundings, user, this.video, {
      changed: () => {
        if (this.queue.state !== "sending") void this.sync.catchUp()
        on.changed()
      },
      adopted: (entry) => document.add(entry),
      saved: ({ batch, kind }, answer) => {
        document.answered(batch, answer)
        if (kind !== "edit") on.stepped(`${kind === "undo" ? "Undone" : "Done again"}: ${answer.what}`, answer.frame)
      },
      dropped: ({ batch }, sentence) => {
        document.drop(batch)
        void this.sync.refresh()
        if (sentence) on.refused(sentence)
      },
    })
  }

  /** @param {string} api @param {Surroundings} surroundings */
  #makeSync(api, surroundings) {
    const { on, document } = this
    return new ServerSync(api, document, surroundings, {
      mayTake: () => this.queue.state !== "sending",
      told: (news) => {
        this.scene.frameCount = this.boxes.frameCount = news.frames
        on.told(news)
      },
      boxesMoved: () => {
        this.boxes.refresh()
        on.moved()
      },
      edited: () => on.moved(),
      reached: (status) => {
        this.#reached = status
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

  /** The network is there again, or the person is back. */
  wake() {
    this.queue.wake()
    this.sync.wake()
  }

  /** Whether an empty place on the picture is certain to be empty. */
  get isKnown() {
    return this.document.revision >= 0
  }

  /** @returns {Saving} */
  get saving() {
    const { state, waiting } = this.queue
    if (this.#reached === 404) return "gone"
    if (state === "signed_out" || this.#reached === 401) return "signed_out"
    if (state === "no_access" || state === "other_user") return state
    if (state === "retrying" || this.#reached !== 200) return "offline"
    if (!this.isKnown) return "loading"
    return waiting ? "waiting" : "saved"
  }

  /**
   * Do operations as one step. They are seen at once; the server hears of them soon.
   * @param {Operation[]} ops @param {number} frame where the person is
   */
  do(ops, frame) {
    try {
      ops.reduce((before, operation) => apply(before, operation, this.scene), this.document.seen)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.on.refused(error.message)
      return
    }
    this.document.add(this.queue.add({ kind: "edit", ops, frame, revision: this.document.revision }))
  }

  /** Take back the person's own last step, or do it again. @param {"undo" | "redo"} kind @param {number} frame */
  step(kind, frame) {
    this.document.add(this.queue.add({ kind, ops: [], frame, revision: this.document.revision }))
  }

  /** @param {Entry[]} entries rejected ones, to be done on top of the newest state */
  async again(entries) {
    await this.sync.refresh()
    const batches = entries.map(({ batch }) => batch)
    for (const entry of this.queue.again(batches, this.document.revision)) this.document.add(entry)
  }

  /** @param {Entry[]} entries rejected ones that the person leaves */
  leave(entries) {
    void this.queue.dismiss(entries.map(({ batch }) => batch))
  }
}
