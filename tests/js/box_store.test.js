import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"
import { setImmediate as nextTurn } from "node:timers/promises"

import { BoxStore } from "../../pages/_labeling/box_store.js"
import { LocalDocument } from "../../pages/_labeling/local_document.js"

/** @typedef {import("../../pages/_labeling/operations.js").Box} Box */

/** @type {Box} */
const START = [0, 0, 10, 10]
/** @type {Box} */
const END = [100, 0, 110, 10]
/** @type {Box} */
const TRACKED = [77, 0, 87, 10]

/** @type {LocalDocument} */ let document
/** @type {BoxStore} */ let boxes
/** @type {Box | null} what the server says of frame 5 */ let tracked
/** @type {string[]} */ let asked

beforeEach(() => {
  tracked = TRACKED
  asked = []
  document = new LocalDocument({ frameCount: 300, width: 640, height: 360 }, () => {})
  document.replace({ revision: 1, labels: [{ name: "cup", color: "#ff0000", id: 1 }], tracks: [cup()], ranges: [] })
  boxes = new BoxStore("/video", document, () => {})
  boxes.frameCount = 300
  mock.method(globalThis, "fetch", async (/** @type {string} */ url) => {
    asked.push(url)
    const found = tracked && { track_id: 1, label: "cup", box: tracked, source: "visual", occluded: false, uncertainty: 0.4, lost: false }
    return Response.json({ frames: [{ frame: 5, boxes: found ? [found] : [] }] })
  })
})

afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

function cup() {
  const key = (/** @type {number} */ frame, /** @type {Box} */ box) => ({ frame, box, outside: false, occluded: false, source: "manual" })
  return { id: 1, label: "cup", keyframes: [key(0, START), key(10, END), key(20, END)], proposed: false, score: null }
}

/** @param {number} frame */
async function prepared(frame) {
  boxes.prefetch(frame)
  for (let turn = 0; turn < 5; turn++) await nextTurn()
}

function boxOn5() {
  return boxes.boxesOn(5)[0]?.box
}

test("until the server has answered boxes lie on straight lines", () => {
  assert.deepEqual(boxes.boxesOn(5), [
    { track: 1, label: "cup", box: [50, 0, 60, 10], human: false, occluded: false, proposed: false, uncertainty: null, lost: false },
  ])
})

test("then they are where the server found them", async () => {
  await prepared(5)
  assert.deepEqual(boxes.boxesOn(5)[0], {
    track: 1, label: "cup", box: TRACKED, human: false, occluded: false, proposed: false, uncertainty: 0.4, lost: false,
  })
  assert.equal(boxes.shown(cup(), 5)?.source, "tracked")
})

test("a key frame is a person's", async () => {
  await prepared(5)
  assert.equal(boxes.boxesOn(10)[0]?.human, true)
})

test("an edit of a key frame beside it makes the line straight again", async () => {
  await prepared(5)
  document.add({ batch: "a", kind: "edit", ops: [{ op: "put_box", frame: 10, box: START, track_id: 1 }] })
  assert.deepEqual(boxOn5(), START)
})

test("an edit farther away leaves the box where the server found it", async () => {
  await prepared(5)
  document.add({ batch: "a", kind: "edit", ops: [{ op: "put_box", frame: 20, box: START, track_id: 1 }] })
  assert.deepEqual(boxOn5(), TRACKED)
})

test("boxes found anew replace the old ones, which stay until then", async () => {
  await prepared(5)
  tracked = END
  boxes.invalidate()
  assert.deepEqual(boxOn5(), TRACKED)
  await prepared(5)
  assert.deepEqual(boxOn5(), END)
})

test("frames around are asked for ahead, and once", async () => {
  await prepared(110)
  await prepared(110)
  assert.deepEqual(asked, ["/video/boxes?start=0&stop=120", "/video/boxes?start=120&stop=240"])
})

test("without an answer it is asked again later", async () => {
  mock.timers.enable({ apis: ["setTimeout"] })
  const answering = globalThis.fetch
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch")
  }
  await prepared(5)
  assert.deepEqual(boxOn5(), [50, 0, 60, 10])
  globalThis.fetch = answering
  mock.timers.tick(1000)
  await prepared(5)
  assert.deepEqual(boxOn5(), TRACKED)
})

test("after failures the server is asked in growing pauses", async () => {
  mock.timers.enable({ apis: ["setTimeout"] })
  mock.method(globalThis, "fetch", async (/** @type {string} */ url) => {
    asked.push(url)
    return new Response("", { status: 503 })
  })
  boxes.onLoaded = () => boxes.prefetch(5)
  await prepared(5)
  for (let paint = 0; paint < 20; paint++) await prepared(5)
  assert.equal(asked.length, 1)
  const counts = []
  for (const pause of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    mock.timers.tick(pause - 1)
    await prepared(5)
    counts.push(asked.length)
    mock.timers.tick(1)
    await prepared(5)
  }
  assert.deepEqual(counts, [1, 2, 3, 4, 5, 6, 7])
})
