import assert from "node:assert/strict"
import { test } from "node:test"

import { View } from "../../pages/_labeling/view.js"

const STAGE = { width: 800, height: 500 }
const CANVAS = { width: 800, height: 450 }

function laidOut() {
  const view = new View()
  view.layout(STAGE, CANVAS)
  return view
}

/** The point of the canvas under a point of the stage. @param {View} view @param {number} x @param {number} y */
const under = (view, x, y) => [(x - view.left) / view.zoom, (y - view.top) / view.zoom]

test("a picture that fits lies in the middle", () => {
  const view = laidOut()
  assert.deepEqual([view.left, view.top, view.zoom], [0, 25, 1])
  assert.deepEqual(view.onStage({ x1: 10, y1: 10, x2: 20, y2: 30 }), { x: 10, y: 35, width: 10, height: 20 })
})

test("zooming keeps the point under the pointer in its place", () => {
  const view = laidOut()
  const before = under(view, 300, 200)
  view.zoomBy(3, { x: 300, y: 200 })
  const after = under(view, 300, 200)
  assert.equal(view.zoom, 3)
  before.forEach((value, at) => assert.ok(Math.abs(value - (after[at] ?? NaN)) < 0.5))
})

test("zoom has a lower and an upper end", () => {
  const view = laidOut()
  view.zoomBy(100)
  assert.equal(view.zoom, 16)
  view.zoomBy(1 / 1000)
  assert.deepEqual([view.zoom, view.left, view.top], [1, 0, 25])
})

test("panning stops at the border of the picture", () => {
  const view = laidOut()
  view.zoomBy(2)
  view.pan(10_000, 10_000)
  assert.deepEqual([view.left, view.top], [0, 0])
  view.pan(-10_000, -10_000)
  assert.deepEqual([view.left, view.top], [STAGE.width - 1600, STAGE.height - 900])
})

test("another size of the stage leaves the middle of the picture where it is", () => {
  const view = laidOut()
  view.zoomBy(4, { x: 600, y: 300 })
  const before = under(view, 400, 250)
  view.layout({ width: 600, height: 400 }, CANVAS)
  const after = under(view, 300, 200)
  before.forEach((value, at) => assert.ok(Math.abs(value - (after[at] ?? NaN)) < 1))
})

test("looking at a box brings it to the middle with room around it", () => {
  const view = laidOut()
  view.lookAt({ x1: 100, y1: 100, x2: 140, y2: 150 })
  const { x, y, width, height } = view.onStage({ x1: 100, y1: 100, x2: 140, y2: 150 })
  assert.ok(Math.abs(x + width / 2 - 400) <= 1 && Math.abs(y + height / 2 - 250) <= 1)
  assert.ok(height <= STAGE.height * 0.61)
})

test("the whole picture is seen again", () => {
  const view = laidOut()
  view.zoomBy(5, { x: 0, y: 0 })
  view.whole()
  assert.deepEqual([view.zoom, view.left, view.top], [1, 0, 25])
})
