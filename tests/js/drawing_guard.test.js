import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"

import { DrawingGuard } from "../../pages/_shared/drawing_guard.js"

class FakeCanvas {}

let nowMs = 0
let page = new EventTarget()
/** @type {DrawingGuard} */
let guard

/** @param {string} kind @param {unknown[]} path */
function send(kind, path = [new FakeCanvas()]) {
  const event = Object.assign(new Event(kind), { composedPath: () => path, reached: false })
  page.addEventListener(kind, () => (event.reached = true), { once: true })
  page.dispatchEvent(event)
  return event.reached
}

beforeEach(() => {
  nowMs = 10_000
  page = new EventTarget()
  Object.assign(globalThis, { window: page, HTMLCanvasElement: FakeCanvas })
  performance.now = () => nowMs
  guard = new DrawingGuard()
})

afterEach(() => guard.destroy())

test("a canvas is busy from the press until it has reported", () => {
  assert.equal(guard.isBusy(), false)
  send("pointerdown")
  assert.equal(guard.isBusy(), true)
  send("pointerup", [])
  nowMs += 250
  assert.equal(guard.isBusy(), true)
  nowMs += 100
  assert.equal(guard.isBusy(), false)
})

test("a press elsewhere is not a drawing", () => {
  send("pointerdown", [])
  send("pointerup", [])
  assert.equal(guard.isBusy(), false)
})

test("no drawing begins while that is refused, and buttons still work", () => {
  guard.refuse()
  for (const kind of ["pointerdown", "mousedown", "touchstart"]) {
    assert.equal(send(kind), false, kind)
    assert.equal(send(kind, []), true, kind)
  }
  assert.equal(guard.isBusy(), false)
  guard.allow()
  assert.equal(send("touchstart"), true)
})
