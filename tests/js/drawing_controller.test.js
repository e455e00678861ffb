import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { DrawingController, snapped } from "../../pages/_labeling/drawing_controller.js"
import { View } from "../../pages/_labeling/view.js"
import { FakeElement } from "./fake_element.js"

/** @typedef {import("../../pages/_labeling/drawing_controller.js").TrackRect} TrackRect */

const FRAME = { width: 640, height: 360 }

/** @type {FakeElement} */ let picture
/** @type {View} */ let view
/** @type {DrawingController} */ let drawing
/** @type {TrackRect[]} */ let rects
/** @type {unknown[][]} what the controller told */ let told
/** @type {TrackRect | null} */ let active
let isPickedUp = false

beforeEach(() => {
  picture = new FakeElement()
  view = new View()
  view.layout(FRAME, FRAME)
  rects = []
  told = []
  active = null
  isPickedUp = false
  drawing = new DrawingController(/** @type {any} */ (picture), view, {
    pressed: () => ({ rects, active }),
    hovered: () => ({ rects, active }),
    picked: (track) => {
      told.push(["picked", track])
      return isPickedUp
    },
    drawn: (target) => told.push(["drawn", ...corners(target)]),
    moved: ({ track }, target) => told.push(["moved", track, ...corners(target)]),
    refused: (sentence) => told.push(["refused", sentence]),
    changed: () => {},
  }, new AbortController().signal)
})

/** @param {import("../../pages/_labeling/view.js").Corners} rect */
function corners({ x1, y1, x2, y2 }) {
  return [x1, y1, x2, y2]
}

/** @param {number} track @param {[number, number, number, number]} box @returns {TrackRect} */
function rect(track, [x1, y1, x2, y2]) {
  return { track, x1, y1, x2, y2 }
}

/** @param {string} what */
function toldOf(what) {
  return told.filter(([name]) => name === what).map(([, ...rest]) => rest)
}

test("a drag on an empty place draws, in any direction", () => {
  picture.drag({ x: 300, y: 200 }, { x: 100, y: 50 })
  assert.deepEqual(toldOf("drawn"), [[100, 50, 300, 200]])
})

test("what is drawn is in pixels of the frame at any zoom", () => {
  view.zoomBy(2, { x: 0, y: 0 })
  picture.drag({ x: 100, y: 100 }, { x: 300, y: 200 })
  assert.deepEqual(toldOf("drawn"), [[50, 50, 150, 100]])
})

test("a click draws nothing and picks nothing", () => {
  picture.drag({ x: 100, y: 100 }, { x: 102, y: 101 })
  assert.deepEqual(told, [["picked", null]])
})

test("a click on a box picks it and moves nothing", () => {
  rects = [rect(7, [100, 100, 200, 200])]
  picture.drag({ x: 150, y: 150 }, { x: 151, y: 150 })
  assert.deepEqual(told, [["picked", 7]])
})

test("the topmost of several boxes is picked", () => {
  rects = [rect(7, [0, 0, 400, 300]), rect(8, [100, 100, 200, 200])]
  picture.drag({ x: 150, y: 150 }, { x: 160, y: 150 })
  assert.deepEqual(toldOf("moved"), [[8, 110, 100, 210, 200]])
})

test("the selected box wins over one that lies on it", () => {
  rects = [rect(7, [0, 0, 400, 300]), rect(8, [100, 100, 200, 200])]
  active = /** @type {TrackRect} */ (rects[0])
  picture.drag({ x: 150, y: 150 }, { x: 160, y: 150 })
  assert.deepEqual(toldOf("moved"), [[7, 10, 0, 410, 300]])
})

test("a press that was a choice begins no drag", () => {
  rects = [rect(7, [100, 100, 200, 200])]
  isPickedUp = true
  picture.drag({ x: 150, y: 150 }, { x: 250, y: 150 })
  assert.deepEqual(toldOf("moved"), [])
})

test("a side moves alone and a corner moves two sides", () => {
  rects = [rect(7, [100, 100, 200, 200])]
  active = /** @type {TrackRect} */ (rects[0])
  picture.drag({ x: 200, y: 150 }, { x: 260, y: 190 })
  picture.drag({ x: 200, y: 200 }, { x: 220, y: 260 })
  assert.deepEqual(toldOf("moved"), [[7, 100, 100, 260, 200], [7, 100, 100, 220, 260]])
})

test("Shift keeps the proportions at a corner", () => {
  rects = [rect(7, [100, 100, 200, 150])]
  active = /** @type {TrackRect} */ (rects[0])
  picture.pointer("down", { x: 200, y: 150 })
  picture.pointer("move", { x: 300, y: 200, shift: true })
  picture.pointer("up", { x: 300, y: 200, shift: true })
  assert.deepEqual(toldOf("moved"), [[7, 100, 100, 300, 200]])
})

test("Shift draws inside a box", () => {
  rects = [rect(7, [0, 0, 400, 300])]
  picture.drag({ x: 100, y: 100, shift: true }, { x: 200, y: 200 })
  assert.deepEqual(toldOf("drawn"), [[100, 100, 200, 200]])
})

test("the next drag draws on demand, and only that one", () => {
  rects = [rect(7, [0, 0, 400, 300])]
  drawing.forceDraw = true
  picture.drag({ x: 100, y: 100 }, { x: 200, y: 200 })
  picture.drag({ x: 100, y: 100 }, { x: 110, y: 100 })
  assert.deepEqual(told.map(([name]) => name), ["picked", "drawn", "picked", "moved"])
})

test("a box below five pixels of the frame is refused", () => {
  picture.drag({ x: 100, y: 100 }, { x: 200, y: 104 })
  assert.match(String(toldOf("refused")[0]), /at least 5 pixels each way/)
  assert.deepEqual(toldOf("drawn"), [])
})

test("five pixels of the frame are enough however small they look", () => {
  view.layout({ width: 64, height: 36 }, FRAME)
  picture.drag({ x: 10, y: 10 }, { x: 20, y: 13.6 })
  assert.deepEqual(toldOf("drawn"), [[100, 100, 200, 136]])
})

test("a drag beyond the border ends there", () => {
  picture.drag({ x: 500, y: 200 }, { x: 900, y: 500 })
  assert.deepEqual(toldOf("drawn"), [[500, 200, 640, 360]])
})

test("an edge dropped close to the border means the border", () => {
  assert.deepEqual(corners(snapped({ x1: 2, y1: 10, x2: 638, y2: 350 }, "", view)), [0, 10, 640, 350])
})

test("an edge that did not move does not snap", () => {
  assert.deepEqual(corners(snapped({ x1: 2, y1: 10, x2: 638, y2: 350 }, "e", view)), [2, 10, 640, 350])
})

test("a box moved over the border is cut off there", () => {
  assert.deepEqual(corners(snapped({ x1: -30, y1: 10, x2: 50, y2: 400 }, "", view)), [0, 10, 50, 360])
})

test("coordinates are kept in hundredths", () => {
  assert.deepEqual(corners(snapped({ x1: 100 / 3, y1: 10, x2: 200 / 3, y2: 50 }, "", view)), [33.33, 10, 66.67, 50])
})

test("a finger and a pen draw as the mouse does", () => {
  picture.drag({ x: 100, y: 100, type: "touch", id: 5 }, { x: 200, y: 200 })
  picture.drag({ x: 300, y: 100, type: "pen", id: 6 }, { x: 400, y: 200 })
  assert.deepEqual(toldOf("drawn"), [[100, 100, 200, 200], [300, 100, 400, 200]])
  assert.deepEqual(picture.captured, [5, 6])
})

test("a finger reaches a handle from farther away", () => {
  rects = [rect(7, [100, 100, 200, 200])]
  active = /** @type {TrackRect} */ (rects[0])
  picture.drag({ x: 212, y: 212, type: "touch" }, { x: 232, y: 232 })
  picture.drag({ x: 212, y: 212 }, { x: 232, y: 232 })
  assert.deepEqual([toldOf("moved"), toldOf("drawn")], [[[7, 100, 100, 220, 220]], [[212, 212, 232, 232]]])
})

test("a second pointer does not disturb a drag", () => {
  picture.pointer("down", { x: 100, y: 100 })
  picture.pointer("down", { x: 400, y: 100, id: 2 })
  picture.pointer("move", { x: 200, y: 200 })
  picture.pointer("up", { x: 500, y: 300, id: 2 })
  picture.pointer("up", { x: 200, y: 200 })
  assert.deepEqual(toldOf("drawn"), [[100, 100, 200, 200]])
})

test("a drag that is taken away draws nothing", () => {
  picture.pointer("down", { x: 100, y: 100 })
  picture.pointer("move", { x: 200, y: 200 })
  drawing.cancel()
  picture.pointer("up", { x: 200, y: 200 })
  assert.deepEqual(toldOf("drawn"), [])
})

test("a drag follows its track when that gets its number", () => {
  rects = [{ ...rect(0, [100, 100, 200, 200]), track: "new:a" }]
  picture.pointer("down", { x: 150, y: 150 })
  picture.pointer("move", { x: 170, y: 150 })
  drawing.rename(new Map([["new:a", 87]]))
  picture.pointer("up", { x: 170, y: 150 })
  assert.deepEqual(toldOf("moved"), [[87, 120, 100, 220, 200]])
})

test("the cursor tells what a press would do", () => {
  rects = [rect(7, [100, 100, 200, 200])]
  const cursors = [[300, 300], [150, 150], [200, 200]].map(([x = 0, y = 0]) => {
    picture.pointer("move", { x, y })
    return picture.style.cursor
  })
  assert.deepEqual(cursors, ["crosshair", "move", "se-resize"])
})
