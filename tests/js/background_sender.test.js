import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { BackgroundSender } from "../../pages/_labeling/background_sender.js"
import { OperationQueue } from "../../pages/_labeling/operation_queue.js"
import { MemoryStore } from "../../pages/_labeling/queue_store.js"
import { countUnsent, unsentText } from "../../pages/_labeling/unsent_edits.js"
import { FakeApi } from "./fake_api.js"
import { FakeClock } from "./fake_clock.js"

const ANN = { id: 7, username: "ann" }
const BEN = { id: 8, username: "ben" }

/** @type {FakeApi} */ let api
/** @type {FakeClock} */ let clock
/** @type {MemoryStore} */ let store

beforeEach(() => {
  api = new FakeApi()
  clock = new FakeClock()
  store = new MemoryStore()
})

function environment() {
  return { store, fetch: api.fetch, api: "/api/v1", clock, random: () => 1 }
}

/** Edits made offline in a tab that was closed then. @param {number} videoId @param {number} count @param {typeof ANN} user */
async function leaveBehind(videoId, count, user = ANN) {
  api.isOnline = false
  const nothing = { changed() {}, adopted() {}, saved() {}, dropped() {} }
  const queue = new OperationQueue(environment(), user, { id: videoId, name: `video ${videoId}` }, nothing)
  await queue.start()
  const entries = Array.from({ length: count }, () => queue.add({ kind: "edit", ops: [], frame: 0, revision: 1 }))
  await clock.settle()
  await queue.close()
  api.isOnline = true
  return entries.map(({ batch }) => batch)
}

/** @param {number | null} openVideoId */
async function startSender(openVideoId = null) {
  const sender = new BackgroundSender(environment(), ANN, () => openVideoId)
  await sender.start()
  await clock.settle()
  return sender
}

test("what waits in every video of the person is sent in order", async () => {
  const [street, park] = [await leaveBehind(3, 2), await leaveBehind(4, 2)]
  await startSender()
  assert.deepEqual(api.done.filter((batch) => street.includes(batch)), street)
  assert.deepEqual(api.done.filter((batch) => park.includes(batch)), park)
})

test("the edits of another person stay", async () => {
  await leaveBehind(3, 1, BEN)
  await startSender()
  assert.deepEqual(api.requests, [])
  assert.equal(store.records.entries.length, 1)
})

test("a video that is open here is left to its screen", async () => {
  await leaveBehind(3, 1)
  await startSender(3)
  assert.deepEqual(api.requests, [])
})

test("a tab that closes later is noticed", async () => {
  await startSender()
  await leaveBehind(3, 1)
  await clock.advance(3000)
  assert.equal(api.done.length, 1)
})

test("a closed sender leaves the rest to the next page", async () => {
  await leaveBehind(3, 2)
  api.isOnline = false
  const sender = await startSender()
  await sender.close()
  api.isOnline = true
  await startSender()
  assert.equal(api.done.length, 2)
})

test("people and videos are counted apart", async () => {
  await leaveBehind(3, 2)
  await leaveBehind(4, 1)
  await leaveBehind(3, 1, BEN)
  const counted = countUnsent(store.records).map(({ username, videoId, waiting }) => [username, videoId, waiting])
  assert.deepEqual(counted, [["ann", 3, 2], ["ann", 4, 1], ["ben", 3, 1]])
})

for (const [author, waiting, rejected, words] of /** @type {[string, number, number, string][]} */ ([
  ["ann", 1, 0, "1 edit in street waits in this browser and will be saved as soon as TPOD answers."],
  ["ben", 2, 0, "2 edits of ben in street wait in this browser: they are saved when ben signs in here."],
  ["ann", 0, 1, "1 edit in street was not saved: open the video to see why."],
])) {
  test(`Home says "${words}"`, () => {
    assert.equal(unsentText({ username: author, videoId: 3, videoName: "street", waiting, rejected }, "ann"), words)
  })
}
