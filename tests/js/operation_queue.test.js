import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { refusal } from "./fake_api.js"
import { QueueWorld, edit, newBox } from "./queue_world.js"

/** @typedef {import("../../pages/_labeling/queue_records.js").Entry} Entry */

/** @type {QueueWorld} */ let world

beforeEach(() => {
  world = new QueueWorld()
})

test("an entry is in the store before it is sent", async () => {
  /** @type {Entry[][]} */
  const stored = []
  const queue = await world.startedQueue()
  world.api.answers.push(() => {
    stored.push(world.store.records.entries)
    return null
  })
  const { batch } = edit(queue)
  await world.clock.settle()
  assert.deepEqual(stored.map((entries) => entries.map((each) => each.batch)), [[batch]])
})

test("a saved entry is forgotten", async () => {
  const queue = await world.startedQueue()
  edit(queue)
  await world.clock.settle()
  assert.equal(queue.waiting, 0)
  assert.equal(queue.state, "idle")
  assert.deepEqual(world.store.records.entries, [])
})

test("a request names the batch, the person and what the person saw", async () => {
  const queue = await world.startedQueue()
  const { batch, ops } = edit(queue)
  await world.clock.settle()
  assert.deepEqual(world.api.requests, [
    { path: "/api/v1/videos/3/annotations", body: { batch, user_id: 7, revision: 10, ops } },
  ])
})

test("entries are sent one at a time and in order", async () => {
  const queue = await world.startedQueue()
  const entries = [1, 2, 3].map(() => edit(queue))
  await world.clock.settle()
  assert.deepEqual(world.api.batches, entries.map(({ batch }) => batch))
})

test("undo and redo keep their place among the edits", async () => {
  const queue = await world.startedQueue()
  edit(queue)
  const undo = queue.add({ kind: "undo", ops: [], frame: 1, revision: 10 })
  queue.add({ kind: "redo", ops: [], frame: 1, revision: 10 })
  edit(queue)
  await world.clock.settle()
  const paths = world.api.requests.map(({ path }) => path.slice("/api/v1/videos/3/annotations".length))
  assert.deepEqual(paths, ["", "/undo", "/redo", ""])
  assert.deepEqual(world.api.requests[1]?.body, { batch: undo.batch, user_id: 7 })
})

test("edits made offline are sent in order when the server is back", async () => {
  const queue = await world.startedQueue()
  world.api.isOnline = false
  const entries = [1, 2, 3].map(() => edit(queue))
  await world.clock.settle()
  assert.equal(queue.state, "retrying")
  assert.equal(queue.waiting, 3)
  world.api.isOnline = true
  await world.clock.advance(500)
  assert.deepEqual(world.api.done, entries.map(({ batch }) => batch))
  assert.equal(queue.state, "idle")
})

test("pauses between tries grow to 15 seconds and no further", async () => {
  const queue = await world.startedQueue()
  const pauses = [500, 1000, 2000, 4000, 8000, 15_000, 15_000]
  for (let left = 0; left <= pauses.length; left++) world.api.answers.push(() => refusal(503, "unavailable"))
  edit(queue)
  await world.clock.settle()
  for (const [tries, pause] of pauses.entries()) {
    await world.clock.advance(pause - 1)
    assert.equal(world.api.requests.length, tries + 1)
    await world.clock.advance(1)
    assert.equal(world.api.requests.length, tries + 2)
  }
})

test("the server may ask for a longer pause", async () => {
  const queue = await world.startedQueue()
  world.api.answers.push(() => refusal(429, "too_many", { "Retry-After": "20" }))
  edit(queue)
  await world.clock.advance(19_999)
  assert.equal(world.api.requests.length, 1)
  await world.clock.advance(1)
  assert.equal(queue.waiting, 0)
})

test("waking tries at once", async () => {
  const queue = await world.startedQueue()
  world.api.isOnline = false
  edit(queue)
  await world.clock.settle()
  world.api.isOnline = true
  queue.wake()
  await world.clock.settle()
  assert.equal(queue.waiting, 0)
})

test("a lost answer makes the same batch go again", async () => {
  const queue = await world.startedQueue()
  world.api.losesAnswers = 1
  const { batch } = edit(queue)
  await world.clock.advance(500)
  assert.deepEqual(world.api.batches, [batch, batch])
  assert.deepEqual(world.api.done, [batch])
  assert.equal(queue.waiting, 0)
})

test("a request without an answer is given up after a while and sent again", async () => {
  const queue = world.makeQueue()
  let asked = 0
  queue.environment.fetch = (url, options) => {
    if (asked++) return world.api.fetch(url, options)
    return new Promise((_, reject) => options?.signal?.addEventListener("abort", () => reject(new Error("aborted"))))
  }
  await queue.start()
  edit(queue)
  await world.clock.advance(30_000)
  assert.equal(queue.state, "retrying")
  await world.clock.advance(500)
  assert.equal(queue.waiting, 0)
})

for (const [what, answer] of /** @type {[string, () => Response][]} */ ([
  ["a page of a proxy under status 200", () => new Response("<html>", { status: 200 })],
  ["JSON of somebody else under status 200", () => Response.json({ hello: 1 })],
  ["a page of a proxy under status 404", () => new Response("<html>", { status: 404 })],
])) {
  test(`${what} is no answer of TPOD`, async () => {
    const queue = await world.startedQueue()
    world.api.answers.push(answer)
    edit(queue)
    await world.clock.settle()
    assert.equal(queue.state, "retrying")
    assert.equal(queue.waiting, 1)
  })
}

test("an expired sign-in stops the queue until the same person is signed in again", async () => {
  const queue = await world.startedQueue()
  world.api.userId = null
  edit(queue)
  edit(queue)
  await world.clock.advance(60_000)
  assert.equal(queue.state, "signed_out")
  assert.equal(world.api.requests.length, 1)
  world.api.userId = 7
  await world.clock.advance(5000)
  assert.equal(queue.waiting, 0)
})

test("the edits of one person are not sent as another one", async () => {
  const queue = await world.startedQueue()
  world.api.userId = 8
  edit(queue)
  await world.clock.advance(60_000)
  assert.equal(queue.state, "other_user")
  assert.equal(world.api.requests.length, 1)
  assert.equal(world.store.records.entries.length, 1)
  world.api.userId = 7
  queue.wake()
  await world.clock.settle()
  assert.equal(queue.waiting, 0)
})

test("without access the edits are kept", async () => {
  const queue = await world.startedQueue()
  world.api.answers.push(() => refusal(403, "forbidden"))
  edit(queue)
  await world.clock.settle()
  assert.equal(queue.state, "no_access")
  assert.equal(queue.waiting, 1)
})

test("a refused edit is listed with its reason and those behind it go on", async () => {
  const queue = await world.startedQueue()
  world.api.answers.push(() => refusal(422, "invalid_input"))
  const [first, second] = [edit(queue), edit(queue)]
  await world.clock.settle()
  assert.deepEqual(queue.rejected.map(({ batch, state, reason }) => [batch, state, reason]), [
    [first.batch, "refused", "No: invalid_input."],
  ])
  assert.deepEqual(world.api.done, [second.batch])
  assert.deepEqual(world.dropped, [{ batch: first.batch, sentence: "" }])
  assert.equal(queue.waiting, 0)
})

for (const code of ["edit_conflict", "too_old"]) {
  test(`${code} leaves the queue as a conflict and those behind it go on`, async () => {
    const queue = await world.startedQueue()
    world.api.answers.push(() => refusal(409, code))
    const [first, second] = [edit(queue), edit(queue)]
    await world.clock.settle()
    assert.deepEqual(queue.rejected.map(({ batch, state }) => [batch, state]), [[first.batch, "conflict"]])
    assert.deepEqual(world.api.done, [second.batch])
  })
}

test("a conflicting edit done again is a new batch on the newest revision", async () => {
  const queue = await world.startedQueue()
  world.api.answers.push(() => refusal(409, "edit_conflict"))
  const { batch, ops } = edit(queue)
  await world.clock.settle()
  const [again] = queue.retry([batch], 12)
  await world.clock.settle()
  assert.notEqual(again?.batch, batch)
  assert.deepEqual(world.api.requests[1]?.body, { batch: again?.batch, user_id: 7, revision: 12, ops })
  assert.deepEqual(queue.rejected, [])
  assert.deepEqual(world.store.records.entries, [])
})

test("a rejected edit is kept until it is dismissed", async () => {
  const queue = await world.startedQueue()
  world.api.answers.push(() => refusal(422, "invalid_input"))
  const { batch } = edit(queue)
  await world.clock.settle()
  await queue.close()
  const reopened = await world.startedQueue()
  assert.equal(reopened.rejected.length, 1)
  await reopened.dismiss([batch])
  assert.deepEqual(world.store.records.entries, [])
})

test("an undo without anything to undo is told and not kept", async () => {
  const queue = await world.startedQueue()
  world.api.answers.push(() => refusal(409, "conflict"))
  const { batch } = queue.add({ kind: "undo", ops: [], frame: 1, revision: 10 })
  await world.clock.settle()
  assert.deepEqual(world.dropped, [{ batch, sentence: "No: conflict." }])
  assert.deepEqual(world.store.records.entries, [])
})

test("later edits of a track that was saved name it by its row", async () => {
  const queue = await world.startedQueue()
  edit(queue, [newBox("new:a")])
  edit(queue, [{ op: "end_track", track_id: "new:a", frame: 5 }])
  world.api.answers.push(
    () => Response.json({ revision: 11, tracks: { "new:a": 87 } }),
    () => refusal(503, "unavailable"),
  )
  await world.clock.settle()
  assert.deepEqual(world.store.records.entries[0]?.ops, [{ op: "end_track", track_id: 87, frame: 5 }])
})
