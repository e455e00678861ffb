import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { View } from "../../pages/_labeling/view.js"

/** @type {View} */ let view

beforeEach(() => {
  view = new View()
  view.layout({ width: 800, height: 400 }, { width: 640, height: 360 })
})

test("the whole frame fits the stage and lies in its middle", () => {
  const { x, y, width, height } = view.onStage({ x1: 0, y1: 0, x2: 640, y2: 360 })
  assert.deepEqual([x, y, Math.round(width), Math.round(height)], [44, 0, 711, 400])
})

test("a point of the stage is found on the frame and back", () => {
  view.zoomBy(3, { x: 100, y: 50 })
  const point = view.onFrame({ x: 123, y: 45 })
  const { x, y } = view.onStage({ x1: point.x, y1: point.y, x2: 0, y2: 0 })
  assert.deepEqual([Math.round(x), Math.round(y)], [123, 45])
})

test("zooming keeps the point under the pointer", () => {
  const at = { x: 300, y: 200 }
  const before = view.onFrame(at)
  view.zoomBy(4, at)
  const after = view.onFrame(at)
  assert.ok(Math.abs(before.x - after.x) < 1 && Math.abs(before.y - after.y) < 1)
})

test("zoom stays between the whole frame and sixteen times", () => {
  view.zoomBy(100)
  assert.equal(view.zoom, 16)
  view.zoomBy(0.0001)
  assert.equal(view.zoom, 1)
})

test("a frame larger than the stage leaves no gap at its edge", () => {
  view.zoomBy(2)
  view.pan(5000, 5000)
  assert.deepEqual([view.left, view.top], [0, 0])
})

test("a box that is looked at is in the middle with room around it", () => {
  view.zoomTo({ x1: 100, y1: 100, x2: 140, y2: 120 })
  const { x, y, width, height } = view.onStage({ x1: 100, y1: 100, x2: 140, y2: 120 })
  assert.ok(Math.abs(x + width / 2 - 400) < 1 && Math.abs(y + height / 2 - 200) < 1)
  assert.ok(width < 800 * 0.61 && height < 400 * 0.61)
})

test("the view stays where it was when the stage changes its size", () => {
  view.zoomBy(4, { x: 100, y: 100 })
  const { x: before } = view.centre
  view.layout({ width: 600, height: 300 }, { width: 640, height: 360 })
  assert.ok(Math.abs(view.centre.x - before) < 0.01)
})
