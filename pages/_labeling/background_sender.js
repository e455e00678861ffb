/** Sends, from any page of TPOD, the edits that a labelling screen left in this browser. */

import { OperationQueue } from "./operation_queue.js"
import { orphanedVideos } from "./queue_records.js"

/** @typedef {import("./operation_queue.js").Environment} Environment */
/** @typedef {import("./owned_entries.js").User} User */
const POLL_MS = 3000

export class BackgroundSender {
  /** @type {Map<number, OperationQueue>} by video */ #queues = new Map()
  #isClosed = false
  #cancelPoll = () => {}

  /**
   * @param {Environment} environment
   * @param {User} user who is signed in
   * @param {() => number | null} openVideo the video whose labelling screen is open and sends its own edits
   */
  constructor(environment, user, openVideo) {
    this.environment = environment
    this.user = user
    this.openVideo = openVideo
  }

  async start() {
    this.#isClosed = false
    await this.#poll()
  }

  async close() {
    this.#isClosed = true
    this.#cancelPoll()
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
    this.#queues.clear()
  }

  /** Retry now: the network or the user is back. */
  wake() {
    for (const queue of this.#queues.values()) queue.wake()
  }

  async #poll() {
    const { store, clock } = this.environment
    const records = await store.change((same) => same)
    if (this.#isClosed) return
    for (const video of orphanedVideos(records, this.user.id, clock.now())) {
      if (video.videoId !== this.openVideo() && !this.#queues.has(video.videoId)) await this.#send(video)
    }
    this.#cancelPoll = clock.after(POLL_MS, () => void this.#poll())
  }

  /** @param {{videoId: number, videoName: string}} video */
  async #send({ videoId, videoName }) {
    const queue = new OperationQueue(this.environment, this.user, { id: videoId, name: videoName }, {
      changed: () => {
        if (queue.state === "idle" && !queue.waiting) this.#done(videoId)
      },
      adopted: () => {},
      saved: () => {},
      dropped: () => {},
    })
    this.#queues.set(videoId, queue)
    await queue.start()
  }

  /** @param {number} videoId */
  #done(videoId) {
    const queue = this.#queues.get(videoId)
    this.#queues.delete(videoId)
    void queue?.close()
  }
}
