import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { FakeClock } from "./fake_clock.js"
import { QueueWorld, edit } from "./queue_world.js"

/** @type {QueueWorld} */ let world

beforeEach(() => {
  world = new QueueWorld()
})

test("a closed tab's edits are sent by the next one, in order", async () => {
  world.api.isOnline = false
  const closed = await world.startedQueue()
  const entries = [edit(closed), edit(closed)]
  await world.clock.settle()
  await closed.close()
  world.api.isOnline = true
  const opened = await world.startedQueue()
  assert.deepEqual(world.adopted.map(({ batch }) => batch), entries.map(({ batch }) => batch))
  await world.clock.settle()
  assert.deepEqual(world.api.done, entries.map(({ batch }) => batch))
  assert.equal(opened.waiting, 0)
})

test("a crashed tab's edits are adopted when it has been silent for ten seconds", async () => {
  world.api.isOnline = false
  edit(world.makeQueue({ time: new FakeClock() })) // its timers never come
  await world.clock.settle()
  world.api.isOnline = true
  const other = await world.startedQueue()
  await world.clock.advance(8000)
  assert.deepEqual(world.api.done, [])
  assert.equal(other.waiting, 1)
  await world.clock.advance(5000)
  assert.equal(world.api.done.length, 1)
})

test("a living tab keeps its edits", async () => {
  world.api.isOnline = false
  const first = await world.startedQueue()
  edit(first)
  await world.clock.settle()
  await world.startedQueue()
  await world.clock.advance(60_000)
  assert.deepEqual(world.adopted, [])
  assert.equal(first.entries.waiting.length, 1)
})

test("a tab that slept does not send what another one has taken over", async () => {
  const sleeper = world.makeQueue({ time: new FakeClock() })
  world.api.isOnline = false
  const { batch } = edit(sleeper)
  await world.clock.advance(11_000)
  world.api.isOnline = true
  await world.startedQueue()
  await world.clock.settle()
  sleeper.wake()
  await world.clock.settle()
  assert.deepEqual(world.api.batches, [batch])
  assert.deepEqual(world.dropped, [{ batch, sentence: "" }])
})

test("another video and another person have queues of their own", async () => {
  world.api.isOnline = false
  const closed = await world.startedQueue()
  edit(closed)
  await world.clock.settle()
  await closed.close()
  world.api.isOnline = true
  await world.makeQueue({ video: { id: 4, name: "park" } }).start()
  await world.makeQueue({ user: { id: 8, username: "ben" } }).start()
  await world.clock.settle()
  assert.deepEqual(world.api.requests, [])
})
