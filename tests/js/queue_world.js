/** A browser with a store, in front of a server: what the tests of the operation queue share. */

import { OperationQueue } from "../../pages/_labeling/operation_queue.js"
import { MemoryStore } from "../../pages/_labeling/queue_store.js"
import { FakeApi } from "./fake_api.js"
import { FakeClock } from "./fake_clock.js"

/** @typedef {import("../../pages/_labeling/operations.js").Operation} Operation */
/** @typedef {import("../../pages/_labeling/queue_records.js").Entry} Entry */

const ANN = { id: 7, username: "ann" }
const VIDEO = { id: 3, name: "street" }

export class QueueWorld {
  api = new FakeApi()
  clock = new FakeClock()
  store = new MemoryStore()
  /** @type {Entry[]} */ adopted = []
  /** @type {{batch: string, sentence: string}[]} */ dropped = []

  /** A tab. `time` is another clock for one whose timers never come. */
  makeQueue({ user = ANN, video = VIDEO, time = this.clock } = {}) {
    const { store, api } = this
    const environment = { store, fetch: api.fetch, api: "/api/v1", clock: time, random: () => 1 }
    return new OperationQueue(environment, user, video, {
      changed: () => {},
      adopted: (entry) => this.adopted.push(entry),
      saved: () => {},
      dropped: ({ batch }, sentence) => this.dropped.push({ batch, sentence }),
    })
  }

  async startedQueue() {
    const queue = this.makeQueue()
    await queue.start()
    return queue
  }
}

/** @param {string} name @returns {Operation} */
export function newBox(name) {
  return { op: "put_box", frame: 1, box: [0, 0, 10, 10], track_id: name, label: "cup" }
}

/** @param {OperationQueue} queue @param {Operation[]} ops */
export function edit(queue, ops = [newBox("new:a")]) {
  return queue.add({ kind: "edit", ops, frame: 1, revision: 10 })
}
