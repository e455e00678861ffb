import assert from "node:assert/strict"
import { test } from "node:test"

import { spansOf } from "../../pages/_labeling/spans.js"

/** @param {...number} frames negative ones end the box */
const track = (...frames) => ({ keyframes: frames.map((frame) => ({ frame: Math.abs(frame), outside: frame < 0 })) })

test("after its last key frame a box stays to the end", () => {
  assert.deepEqual(spansOf(track(3, 10), 100), [[3, 100]])
})

test("an end is the first frame without a box", () => {
  assert.deepEqual(spansOf(track(3, -10), 100), [[3, 10]])
})

test("a box that comes back begins a new span", () => {
  assert.deepEqual(spansOf(track(3, -10, -12, 40, 50, -60), 100), [[3, 10], [40, 60]])
})

test("a track without a key frame that shows it has no span", () => {
  assert.deepEqual(spansOf(track(-5), 100), [])
  assert.deepEqual(spansOf(track(), 100), [])
})
