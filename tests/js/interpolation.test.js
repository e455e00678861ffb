import assert from "node:assert/strict"
import { test } from "node:test"

import { keyframeAt } from "../../pages/_labeling/interpolation.js"

/** @param {number} frame @param {number} x @param {Partial<import("../../pages/_labeling/operations.js").Keyframe>} more */
function key(frame, x, more = {}) {
  return { frame, box: /** @type {[number, number, number, number]} */ ([x, 0, x + 10, 10]), outside: false, occluded: false, source: "manual", ...more }
}

const TRACK = [key(10, 0, { occluded: true }), key(20, 10), key(30, 50, { outside: true }), key(40, 60)]

test("before the first key frame there is no box", () => {
  assert.equal(keyframeAt(TRACK, 9), null)
  assert.equal(keyframeAt([], 9), null)
})

test("a key frame stands as it is", () => {
  assert.equal(keyframeAt(TRACK, 20), TRACK[1])
})

test("between two key frames each edge moves evenly and the rest is the earlier one's", () => {
  assert.deepEqual(keyframeAt(TRACK, 15), key(15, 5, { occluded: true }))
})

test("an outside key frame ends the box until the next one", () => {
  assert.deepEqual([29, 30, 39, 40].map((frame) => keyframeAt(TRACK, frame)?.box[0]), [46, undefined, undefined, 60])
})

test("after the last key frame the box stays", () => {
  assert.deepEqual(keyframeAt(TRACK, 90), key(90, 60))
})
