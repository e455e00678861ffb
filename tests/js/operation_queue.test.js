import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { OperationQueue } from "../../pages/_labeling/operation_queue.js"
import { MemoryStore } from "../../pages/_labeling/queue_store.js"
import { FakeApi, refusal } from "./fake_api.js"
import { FakeClock } from "./fake_clock.js"

/** @typedef {import("../../pages/_labeling/operations.js").Operation} Operation */
/** @typedef {import("../../pages/_labeling/queue_records.js").Records} Records */
/** @typedef {import("../../pages/_labeling/queue_records.js").Entry} Entry */

const ANN = { id: 7, username: "ann" }
const VIDEO = { id: 3, name: "street" }

/** @type {FakeApi} */ let api
/** @type {FakeClock} */ let clock
/** @type {MemoryStore} */ let store
/** @type {Entry[]} */ let adopted
/** @type {{batch: string, sentence: string}[]} */ let dropped

beforeEach(() => {
  api = new FakeApi()
  clock = new FakeClock()
  store = new MemoryStore()
  adopted = []
  dropped = []
})

function makeQueue({ user = ANN, video = VIDEO, time = clock } = {}) {
  const surroundings = { store, fetch: api.fetch, api: "/api/v1", clock: time, random: () => 1 }
  return new OperationQueue(surroundings, user, video, {
    changed: () => {},
    adopted: (entry) => adopted.push(entry),
    saved: () => {},
    dropped: ({ batch }, sentence) => dropped.push({ batch, sentence }),
  })
}

async function startedQueue() {
  const queue = makeQueue()
  await queue.start()
  return queue
}

/** @param {string} name @returns {Operation} */
function newBox(name) {
  return { op: "put_box", frame: 1, box: [0, 0, 10, 10], track_id: name, label: "cup" }
}

/** @param {OperationQueue} queue @param {Operation[]} ops */
function edit(queue, ops = [newBox("new:a")]) {
  return queue.add({ kind: "edit", ops, frame: 1, revision: 10 })
}

test("an entry is in the store before it is sent", async () => {
  /** @type {Entry[][]} */
  const stored = []
  const queue = await startedQueue()
  api.answers.push(() => {
    stored.push(store.records.entries)
    return null
  })
  const { batch } = edit(queue)
  await clock.settle()
  assert.deepEqual(stored.map((entries) => entries.map((each) => each.batch)), [[batch]])
})

test("a saved entry is forgotten", async () => {
  const queue = await startedQueue()
  edit(queue)
  await clock.settle()
  assert.equal(queue.waiting, 0)
  assert.equal(queue.state, "idle")
  assert.deepEqual(store.records.entries, [])
})

test("a request names the batch, the person and what the person saw", async () => {
  const queue = await startedQueue()
  const { batch, ops } = edit(queue)
  await clock.settle()
  assert.deepEqual(api.requests, [
    { path: "/api/v1/videos/3/annotations", body: { batch, user_id: 7, revision: 10, ops } },
  ])
})

test("entries are sent one at a time and in order", async () => {
  const queue = await startedQueue()
  const entries = [1, 2, 3].map(() => edit(queue))
  await clock.settle()
  assert.deepEqual(api.batches, entries.map(({ batch }) => batch))
})

test("undo and redo keep their place among the edits", async () => {
  const queue = await startedQueue()
  edit(queue)
  const undo = queue.add({ kind: "undo", ops: [], frame: 1, revision: 10 })
  queue.add({ kind: "redo", ops: [], frame: 1, revision: 10 })
  edit(queue)
  await clock.settle()
  const paths = api.requests.map(({ path }) => path.slice("/api/v1/videos/3/annotations".length))
  assert.deepEqual(paths, ["", "/undo", "/redo", ""])
  assert.deepEqual(api.requests[1]?.body, { batch: undo.batch, user_id: 7 })
})

test("edits made offline are sent in order when the server is back", async () => {
  const queue = await startedQueue()
  api.isOnline = false
  const entries = [1, 2, 3].map(() => edit(queue))
  await clock.settle()
  assert.equal(queue.state, "retrying")
  assert.equal(queue.waiting, 3)
  api.isOnline = true
  await clock.advance(500)
  assert.deepEqual(api.done, entries.map(({ batch }) => batch))
  assert.equal(queue.state, "idle")
})

test("pauses between tries grow to 15 seconds and no further", async () => {
  const queue = await startedQueue()
  const pauses = [500, 1000, 2000, 4000, 8000, 15_000, 15_000]
  for (let left = 0; left <= pauses.length; left++) api.answers.push(() => refusal(503, "unavailable"))
  edit(queue)
  await clock.settle()
  for (const [tries, pause] of pauses.entries()) {
    await clock.advance(pause - 1)
    assert.equal(api.requests.length, tries + 1)
    await clock.advance(1)
    assert.equal(api.requests.length, tries + 2)
  }
})

test("the server may ask for a longer pause", async () => {
  const queue = await startedQueue()
  api.answers.push(() => refusal(429, "too_many", { "Retry-After": "20" }))
  edit(queue)
  await clock.advance(19_999)
  assert.equal(api.requests.length, 1)
  await clock.advance(1)
  assert.equal(queue.waiting, 0)
})

test("waking tries at once", async () => {
  const queue = await startedQueue()
  api.isOnline = false
  edit(queue)
  await clock.settle()
  api.isOnline = true
  queue.wake()
  await clock.settle()
  assert.equal(queue.waiting, 0)
})

test("a lost answer makes the same batch go again", async () => {
  const queue = await startedQueue()
  api.losesAnswers = 1
  const { batch } = edit(queue)
  await clock.advance(500)
  assert.deepEqual(api.batches, [batch, batch])
  assert.deepEqual(api.done, [batch])
  assert.equal(queue.waiting, 0)
})

test("a request without an answer is given up after a while and sent again", async () => {
  const queue = makeQueue()
  let asked = 0
  queue.surroundings.fetch = (url, options) => {
    if (asked++) return api.fetch(url, options)
    return new Promise((_, reject) => options?.signal?.addEventListener("abort", () => reject(new Error("aborted"))))
  }
  await queue.start()
  edit(queue)
  await clock.advance(30_000)
  assert.equal(queue.state, "retrying")
  await clock.advance(500)
  assert.equal(queue.waiting, 0)
})

for (const [what, answer] of /** @type {[string, () => Response][]} */ ([
  ["a page of a proxy under status 200", () => new Response("<html>", { status: 200 })],
  ["JSON of somebody else under status 200", () => Response.json({ hello: 1 })],
  ["a page of a proxy under status 404", () => new Response("<html>", { status: 404 })],
])) {
  test(`${what} is no answer of TPOD`, async () => {
    const queue = await startedQueue()
    api.answers.push(answer)
    edit(queue)
    await clock.settle()
    assert.equal(queue.state, "retrying")
    assert.equal(queue.waiting, 1)
  })
}

test("an expired sign-in stops the queue until the same person is signed in again", async () => {
  const queue = await startedQueue()
  api.userId = null
  edit(queue)
  edit(queue)
  await clock.advance(60_000)
  assert.equal(queue.state, "signed_out")
  assert.equal(api.requests.length, 1)
  api.userId = 7
  await clock.advance(5000)
  assert.equal(queue.waiting, 0)
})

test("the edits of one person are not sent as another one", async () => {
  const queue = await startedQueue()
  api.userId = 8
  edit(queue)
  await clock.advance(60_000)
  assert.equal(queue.state, "other_user")
  assert.equal(api.requests.length, 1)
  assert.equal(store.records.entries.length, 1)
  api.userId = 7
  queue.wake()
  await clock.settle()
  assert.equal(queue.waiting, 0)
})

test("without access the edits are kept", async () => {
  const queue = await startedQueue()
  api.answers.push(() => refusal(403, "forbidden"))
  edit(queue)
  await clock.settle()
  assert.equal(queue.state, "no_access")
  assert.equal(queue.waiting, 1)
})

test("a refused edit is listed with its reason and those behind it go on", async () => {
  const queue = await startedQueue()
  api.answers.push(() => refusal(422, "invalid_input"))
  const [first, second] = [edit(queue), edit(queue)]
  await clock.settle()
  assert.deepEqual(queue.rejected.map(({ batch, state, reason }) => [batch, state, reason]), [
    [first.batch, "refused", "No: invalid_input."],
  ])
  assert.deepEqual(api.done, [second.batch])
  assert.deepEqual(dropped, [{ batch: first.batch, sentence: "No: invalid_input." }])
  assert.equal(queue.waiting, 0)
})

for (const code of ["edit_conflict", "too_old"]) {
  test(`${code} leaves the queue as a conflict and those behind it go on`, async () => {
    const queue = await startedQueue()
    api.answers.push(() => refusal(409, code))
    const [first, second] = [edit(queue), edit(queue)]
    await clock.settle()
    assert.deepEqual(queue.rejected.map(({ batch, state }) => [batch, state]), [[first.batch, "conflict"]])
    assert.deepEqual(api.done, [second.batch])
  })
}

test("a conflicting edit done again is a new batch on the newest revision", async () => {
  const queue = await startedQueue()
  api.answers.push(() => refusal(409, "edit_conflict"))
  const { batch, ops } = edit(queue)
  await clock.settle()
  const [again] = queue.again([batch], 12)
  await clock.settle()
  assert.notEqual(again?.batch, batch)
  assert.deepEqual(api.requests[1]?.body, { batch: again?.batch, user_id: 7, revision: 12, ops })
  assert.deepEqual(queue.rejected, [])
  assert.deepEqual(store.records.entries, [])
})

test("a rejected edit is kept until it is dismissed", async () => {
  const queue = await startedQueue()
  api.answers.push(() => refusal(422, "invalid_input"))
  const { batch } = edit(queue)
  await clock.settle()
  await queue.close()
  const reopened = await startedQueue()
  assert.equal(reopened.rejected.length, 1)
  await reopened.dismiss([batch])
  assert.deepEqual(store.records.entries, [])
})

test("an undo without anything to undo is told and not kept", async () => {
  const queue = await startedQueue()
  api.answers.push(() => refusal(409, "conflict"))
  const { batch } = queue.add({ kind: "undo", ops: [], frame: 1, revision: 10 })
  await clock.settle()
  assert.deepEqual(dropped, [{ batch, sentence: "No: conflict." }])
  assert.deepEqual(store.records.entries, [])
})

test("later edits of a track that was saved name it by its row", async () => {
  const queue = await startedQueue()
  edit(queue, [newBox("new:a")])
  edit(queue, [{ op: "end_track", track_id: "new:a", frame: 5 }])
  api.answers.push(
    () => Response.json({ revision: 11, tracks: { "new:a": 87 } }),
    () => refusal(503, "unavailable"),
  )
  await clock.settle()
  assert.deepEqual(store.records.entries[0]?.ops, [{ op: "end_track", track_id: 87, frame: 5 }])
})

test("a closed tab's edits are sent by the next one, in order", async () => {
  api.isOnline = false
  const closed = await startedQueue()
  const entries = [edit(closed), edit(closed)]
  await clock.settle()
  await closed.close()
  api.isOnline = true
  const opened = await startedQueue()
  assert.deepEqual(adopted.map(({ batch }) => batch), entries.map(({ batch }) => batch))
  await clock.settle()
  assert.deepEqual(api.done, entries.map(({ batch }) => batch))
  assert.equal(opened.waiting, 0)
})

test("a crashed tab's edits are adopted when it has been silent for ten seconds", async () => {
  api.isOnline = false
  edit(makeQueue({ time: new FakeClock() })) // its timers never come
  await clock.settle()
  api.isOnline = true
  const other = await startedQueue()
  await clock.advance(8000)
  assert.deepEqual(api.done, [])
  assert.equal(other.waiting, 1)
  await clock.advance(5000)
  assert.equal(api.done.length, 1)
})

test("a living tab keeps its edits", async () => {
  api.isOnline = false
  const first = await startedQueue()
  edit(first)
  await clock.settle()
  await startedQueue()
  await clock.advance(60_000)
  assert.deepEqual(adopted, [])
  assert.equal(first.entries.waiting.length, 1)
})

test("a tab that slept does not send what another one has taken over", async () => {
  const sleeper = makeQueue({ time: new FakeClock() })
  api.isOnline = false
  const { batch } = edit(sleeper)
  await clock.advance(11_000)
  api.isOnline = true
  await startedQueue()
  await clock.settle()
  sleeper.wake()
  await clock.settle()
  assert.deepEqual(api.batches, [batch])
  assert.deepEqual(dropped, [{ batch, sentence: "" }])
})

test("another video and another person have queues of their own", async () => {
  api.isOnline = false
  const closed = await startedQueue()
  edit(closed)
  await clock.settle()
  await closed.close()
  api.isOnline = true
  await makeQueue({ video: { id: 4, name: "park" } }).start()
  await makeQueue({ user: { id: 8, username: "ben" } }).start()
  await clock.settle()
  assert.deepEqual(api.requests, [])
})
