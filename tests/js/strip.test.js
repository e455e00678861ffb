import assert from "node:assert/strict"
import { test } from "node:test"

import { GUTTER_PX, frameAt, niceStep, xOf } from "../../pages/_labeling/strip.js"

const WIDTH = GUTTER_PX + 600 + 8

test("the first frame begins right of the gutter and the last one ends before the border", () => {
  assert.equal(xOf(0, WIDTH, 300), GUTTER_PX)
  assert.equal(xOf(300, WIDTH, 300), GUTTER_PX + 600)
})

test("every frame is found again in the middle of its place", () => {
  for (const count of [1, 7, 300, 600]) {
    for (let frame = 0; frame < count; frame++) assert.equal(frameAt(xOf(frame + 0.5, WIDTH, count), WIDTH, count), frame)
  }
})

test("a pointer beside the strip means its first or its last frame", () => {
  assert.equal(frameAt(0, WIDTH, 300), 0)
  assert.equal(frameAt(WIDTH + 50, WIDTH, 300), 299)
})

test("an empty video has its place too", () => {
  assert.equal(xOf(0, WIDTH, 0), GUTTER_PX)
})

test("the ruler's steps are 1, 2 or 5 times a power of ten, and never too close", () => {
  assert.deepEqual([5, 60, 100, 431, 9000, 108_000].map((count) => niceStep(count, 8)), [1, 10, 20, 100, 2000, 20_000])
  for (let count = 1; count < 5000; count += 7) assert.ok(count / niceStep(count, 8) <= 8)
})
