import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { View } from "../../pages/_labeling/view.js"
import { ViewGestures } from "../../pages/_labeling/view_gestures.js"
import { FakeElement } from "./fake_element.js"

/** @type {FakeElement} */ let stage
/** @type {View} */ let view
let taken = 0
let passedOn = 0

beforeEach(() => {
  stage = new FakeElement()
  view = new View()
  view.layout({ width: 640, height: 360 }, { width: 640, height: 360 })
  view.zoomBy(4, { x: 0, y: 0 })
  taken = passedOn = 0
  const on = { view, changed: () => {}, pinchStarted: () => taken++ }
  new ViewGestures(/** @type {any} */ (stage), on, new AbortController().signal)
  stage.addEventListener("pointerdown", () => passedOn++)
})

test("two fingers zoom by how far they part, and keep what lies between them", () => {
  const before = view.onFrame({ x: 200, y: 200 })
  stage.pointer("down", { x: 150, y: 200, id: 1, type: "touch" })
  stage.pointer("down", { x: 250, y: 200, id: 2, type: "touch" })
  stage.pointer("move", { x: 100, y: 200, id: 1, type: "touch" })
  stage.pointer("move", { x: 300, y: 200, id: 2, type: "touch" })
  const after = view.onFrame({ x: 200, y: 200 })
  assert.equal(view.zoom, 8)
  assert.ok(Math.abs(before.x - after.x) < 1 && Math.abs(before.y - after.y) < 1)
})

test("two fingers move the picture", () => {
  stage.pointer("down", { x: 300, y: 200, id: 1, type: "touch" })
  stage.pointer("down", { x: 400, y: 200, id: 2, type: "touch" })
  stage.pointer("move", { x: 250, y: 180, id: 1, type: "touch" })
  stage.pointer("move", { x: 350, y: 180, id: 2, type: "touch" })
  assert.deepEqual([view.left, view.top].map(Math.round), [-50, -20])
})

test("the second finger takes over from what the first one began", () => {
  stage.pointer("down", { x: 150, y: 200, id: 1, type: "touch" })
  assert.deepEqual([taken, passedOn], [0, 1])
  stage.pointer("down", { x: 250, y: 200, id: 2, type: "touch" })
  assert.deepEqual([taken, passedOn], [1, 1])
})

test("the finger that stays down last draws nothing", () => {
  stage.pointer("down", { x: 150, y: 200, id: 1, type: "touch" })
  stage.pointer("down", { x: 250, y: 200, id: 2, type: "touch" })
  stage.pointer("up", { x: 250, y: 200, id: 2, type: "touch" })
  let moves = 0
  stage.addEventListener("pointermove", () => moves++)
  stage.pointer("move", { x: 100, y: 100, id: 1, type: "touch" })
  assert.equal(moves, 0)
})

test("after the pinch one finger draws again", () => {
  for (const id of [1, 2]) stage.pointer("down", { x: 100 * id, y: 200, id, type: "touch" })
  for (const id of [1, 2]) stage.pointer("up", { x: 100 * id, y: 200, id, type: "touch" })
  stage.pointer("down", { x: 150, y: 200, id: 3, type: "touch" })
  assert.equal(passedOn, 2)
})

for (const [what, pointer] of /** @type {[string, object][]} */ ([
  ["the middle button", { button: 1 }],
  ["Alt", { alt: true }],
])) {
  test(`a drag with ${what} moves the picture and draws nothing`, () => {
    stage.drag({ x: 300, y: 200, ...pointer }, { x: 200, y: 150 })
    assert.deepEqual([view.left, view.top].map(Math.round), [-100, -50])
    assert.equal(passedOn, 0)
  })
}
