import assert from "node:assert/strict"
import { test } from "node:test"

import { hitTest } from "../../pages/_labeling/hit_test.js"

/** @param {number} track @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
const box = (track, x1, y1, x2, y2) => ({ track, human: true, x1, y1, x2, y2 })
const LARGE = box(1, 0, 0, 200, 200)
const SMALL = box(2, 90, 90, 110, 110)

test("the topmost box is hit", () => {
  assert.equal(hitTest({ x: 100, y: 100 }, [LARGE, SMALL], null, 1)?.rect, SMALL)
  assert.equal(hitTest({ x: 50, y: 50 }, [LARGE, SMALL], null, 1)?.rect, LARGE)
  assert.equal(hitTest({ x: 300, y: 50 }, [LARGE, SMALL], null, 1), null)
})

test("the selected box wins over those above it", () => {
  assert.deepEqual(hitTest({ x: 100, y: 100 }, [LARGE, SMALL], LARGE, 1), { rect: LARGE, handle: "" })
})

test("a handle is taken within seven pixels of the screen at any zoom", () => {
  assert.equal(hitTest({ x: 206, y: 206 }, [LARGE], LARGE, 1)?.handle, "se")
  assert.equal(hitTest({ x: 206, y: 206 }, [LARGE], LARGE, 2), null)
  assert.equal(hitTest({ x: 203, y: 203 }, [LARGE], LARGE, 2)?.handle, "se")
})

test("inside a small box there are no handles, around it there are", () => {
  assert.equal(hitTest({ x: 92, y: 92 }, [SMALL], SMALL, 1)?.handle, "")
  assert.equal(hitTest({ x: 86, y: 86 }, [SMALL], SMALL, 1)?.handle, "nw")
})

test("a box that is not selected shows no sides", () => {
  assert.equal(hitTest({ x: 1, y: 50 }, [LARGE], null, 1)?.handle, "")
  assert.equal(hitTest({ x: 1, y: 50 }, [LARGE], LARGE, 1)?.handle, "w")
})
