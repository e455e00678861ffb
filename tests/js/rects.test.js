import assert from "node:assert/strict"
import { test } from "node:test"

import { HANDLES, adjusted, between, contains, handleNear, handleOf, sideNear } from "../../pages/_labeling/rects.js"

const RECT = { x1: 10, y1: 20, x2: 50, y2: 40 }
const SMALLEST = /** @type {[number, number]} */ ([5, 5])

test("a rectangle between two points is the same in either order", () => {
  const expected = { x1: 1, y1: 2, x2: 8, y2: 9 }
  assert.deepEqual(between({ x: 8, y: 2 }, { x: 1, y: 9 }), expected)
  assert.deepEqual(between({ x: 1, y: 9 }, { x: 8, y: 2 }), expected)
})

test("a point on the line is inside, one beyond the reach is not", () => {
  assert.equal(contains(RECT, { x: 50, y: 40 }), true)
  assert.equal(contains(RECT, { x: 52, y: 40 }), false)
  assert.equal(contains(RECT, { x: 52, y: 40 }, 2), true)
})

test("handles lie on the corners and in the middle of the sides", () => {
  assert.deepEqual(handleOf(RECT, "nw"), { x: 10, y: 20 })
  assert.deepEqual(handleOf(RECT, "s"), { x: 30, y: 40 })
})

test("every handle is found at its own place", () => {
  for (const handle of HANDLES) assert.equal(handleNear(RECT, handleOf(RECT, handle), 3), handle)
  assert.equal(handleNear(RECT, { x: 30, y: 30 }, 3), "")
})

test("a side is found near its line and two at a corner", () => {
  assert.equal(sideNear(RECT, { x: 11, y: 30 }, 2), "w")
  assert.equal(sideNear(RECT, { x: 49, y: 21 }, 2), "ne")
  assert.equal(sideNear(RECT, { x: 30, y: 30 }, 2), "")
})

test("without a handle the rectangle moves", () => {
  assert.deepEqual(adjusted(RECT, "", { x: 5, y: -5 }, false, SMALLEST), { x1: 15, y1: 15, x2: 55, y2: 35 })
})

test("a handle pulls its side and leaves the others", () => {
  assert.deepEqual(adjusted(RECT, "w", { x: 10, y: 99 }, false, SMALLEST), { ...RECT, x1: 20 })
  assert.deepEqual(adjusted(RECT, "se", { x: 10, y: 5 }, false, SMALLEST), { ...RECT, x2: 60, y2: 45 })
})

test("a side pulled past the other one stops at the smallest size", () => {
  assert.deepEqual(adjusted(RECT, "e", { x: -99, y: 0 }, false, SMALLEST), { ...RECT, x2: 15 })
  assert.deepEqual(adjusted(RECT, "n", { x: 0, y: 99 }, false, SMALLEST), { ...RECT, y1: 35 })
})

test("a corner keeps the proportions where it is asked to", () => {
  const { x1, y1, x2, y2 } = adjusted(RECT, "se", { x: 30, y: 0 }, true, SMALLEST)
  assert.equal((x2 - x1) / (y2 - y1), 2)
  assert.deepEqual([x1, y1, x2, y2], [10, 20, 70, 50])
})
