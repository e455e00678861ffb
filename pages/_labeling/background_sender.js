/** Sends from any page of TPOD what a labelling screen of this browser left behind. */

import { OperationQueue } from "./operation_queue.js"
import { orphanedVideos } from "./queue_records.js"

/** @typedef {import("./operation_queue.js").Surroundings} Surroundings */
/** @typedef {import("./owned_entries.js").User} User */
const LOOK_MS = 3000

export class BackgroundSender {
  /** @type {Map<number, OperationQueue>} by video */ #queues = new Map()
  #isClosed = false
  #cancelLook = () => {}

  /**
   * @param {Surroundings} surroundings
   * @param {User} user who is signed in
   * @param {() => number | null} openVideo whose labelling screen is here, and sends for itself
   */
  constructor(surroundings, user, openVideo) {
    this.surroundings = surroundings
    this.user = user
    this.openVideo = openVideo
  }

  async start() {
    this.#isClosed = false
    await this.#look()
  }

  async close() {
    this.#isClosed = true
    this.#cancelLook()
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
    this.#queues.clear()
  }

  /** The network is there again, or the person is back. */
  wake() {
    for (const queue of this.#queues.values()) queue.wake()
  }

  async #look() {
    const { store, clock } = this.surroundings
    const records = await store.change((same) => same)
    if (this.#isClosed) return
    for (const video of orphanedVideos(records, this.user.id, clock.now())) {
      if (video.videoId !== this.openVideo() && !this.#queues.has(video.videoId)) await this.#send(video)
    }
    this.#cancelLook = clock.after(LOOK_MS, () => void this.#look())
  }

  /** @param {{videoId: number, videoName: string}} video */
  async #send({ videoId, videoName }) {
    const queue = new OperationQueue(this.surroundings, this.user, { id: videoId, name: videoName }, {
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
