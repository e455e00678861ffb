import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { FrameStore, widthFor } from "../../pages/_labeling/frame_store.js"

/** @type {FakeImage[]} those asked for, in order */
let asked = []

class FakeImage {
  constructor() {
    this.src = ""
    asked.push(this)
    this.decoded = new Promise((resolve) => (this.arrive = resolve))
  }

  decode() {
    return this.decoded
  }
}

/** The frames asked for so far. */
const frames = () => asked.map(({ src }) => Number(/frames\/(\d+)/.exec(src)?.[1]))

/** Let all that were asked for arrive. */
async function arrive() {
  for (const image of asked) image.arrive?.(undefined)
  await new Promise((resolve) => setImmediate(resolve))
}

/** @param {number} [count] */
function store(count = 100) {
  const made = new FrameStore("/videos/1", "0c1d", 1920, () => {})
  made.frameCount = count
  made.resize(640)
  return made
}

beforeEach(() => {
  asked = []
  Object.assign(globalThis, { Image: FakeImage })
})

test("the frame wanted comes first, then those in the direction of travel", async () => {
  const frameStore = store()
  frameStore.want(10)
  assert.deepEqual(frames(), [10, 11, 12, 13])
  await arrive()
  assert.deepEqual(frames(), [10, 11, 12, 13, 14, 15, 9])
})

test("going back it is the frames before", () => {
  store().want(10, -1)
  assert.deepEqual(frames(), [10, 9, 8, 7])
})

test("nothing is asked for beyond the video's ends, nor before a width is known", () => {
  store(2).want(0)
  assert.deepEqual(frames(), [0, 1])
  const unsized = new FrameStore("/videos/1", "0c1d", 1920, () => {})
  unsized.frameCount = 100
  unsized.want(0)
  assert.equal(asked.length, 2)
})

test("what is wanted now goes before what was wanted a moment ago", async () => {
  const frameStore = store()
  frameStore.want(10)
  frameStore.want(50)
  await arrive()
  assert.deepEqual(frames().slice(4, 8), [50, 51, 52, 53])
})

test("a frame that is here is not asked for again", async () => {
  const frameStore = store(1)
  frameStore.want(0)
  await arrive()
  frameStore.want(0)
  assert.ok(frameStore.get(0))
  assert.equal(asked.length, 1)
})

test("another width forgets the frames of the old one", async () => {
  const frameStore = store(1)
  frameStore.want(0)
  await arrive()
  frameStore.resize(960)
  assert.equal(frameStore.get(0), null)
  assert.equal(frameStore.url(0), "/videos/1/frames/0?width=960&file=0c1d")
})

test("the frame used longest ago gives its place away", async () => {
  const frameStore = store(400)
  for (let frame = 0; frame < 180; frame += 1) frameStore.images.set(frame, /** @type {any} */ (new FakeImage()))
  frameStore.get(0)
  frameStore.want(300, 1, 0)
  await arrive()
  assert.equal(frameStore.images.has(0), true)
  assert.equal(frameStore.images.has(1), false)
})

test("frames are asked for in few widths, and whole where they are seen nearly whole", () => {
  assert.deepEqual([630, 650, 950, 961, 1300].map((seen) => widthFor(seen, 1280)), [640, 800, 960, 1280, 1280])
})
