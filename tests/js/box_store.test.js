import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { BoxStore } from "../../pages/_labeling/box_store.js"

/** @type {string[]} */
let asked = []
const BOX = { track_id: 7, label: "cup", box: [1, 2, 3, 4], source: "linear", occluded: false }
/** @type {{ tracks: object[], ranges: object[] }} */
let annotations = { tracks: [], ranges: [] }

/** @param {string} url */
async function fakeFetch(url) {
  asked.push(url.replace("/videos/1/", ""))
  const body = url.endsWith("annotations") ? annotations : { frames: [{ frame: 3, boxes: [BOX] }] }
  return { ok: true, json: async () => body }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

function store() {
  const made = new BoxStore("/videos/1", () => {})
  made.frameCount = 300
  return made
}

beforeEach(() => {
  asked = []
  annotations = { tracks: [], ranges: [] }
  Object.assign(globalThis, { fetch: fakeFetch })
})

test("a video is known to be empty once its document says so, not before", async () => {
  const boxes = store()
  assert.equal(boxes.isEmpty, false)
  boxes.follow(4)
  assert.equal(boxes.isEmpty, false)
  await settled()
  assert.equal(boxes.isEmpty, true)
  annotations = { tracks: [{ id: 7, label: "cup", keyframes: [] }], ranges: [] }
  await boxes.follow(5)
  assert.equal(boxes.isEmpty, false)
})

test("boxes come in stretches, each asked for once", async () => {
  const boxes = store()
  assert.equal(boxes.on(3), null)
  assert.equal(boxes.on(119), null)
  await settled()
  assert.deepEqual(asked, ["boxes?start=0&stop=120"])
  assert.deepEqual(boxes.on(3)?.map(({ track, human }) => [track, human]), [[7, false]])
  assert.deepEqual(boxes.on(4), [])
})

test("the last stretch ends with the video", () => {
  store().on(299)
  assert.deepEqual(asked, ["boxes?start=240&stop=300"])
})

test("boxes of an older revision are shown until newer ones are here", async () => {
  const boxes = store()
  boxes.on(3)
  await settled()
  boxes.forgetDerived()
  assert.equal(boxes.isFresh(3), false)
  assert.equal(boxes.on(3)?.length, 1)
  await settled()
  assert.equal(boxes.isFresh(3), true)
})

test("boxes around a frame are fetched ahead, also across a border of stretches", () => {
  store().prepare(110)
  assert.deepEqual(asked, ["boxes?start=0&stop=120", "boxes?start=120&stop=240"])
})
