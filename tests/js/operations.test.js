import assert from "node:assert/strict"
import { test } from "node:test"

import { apply, tracksOf, withRows } from "../../pages/_labeling/operations.js"
import { Refused } from "../../pages/_labeling/refused.js"

/** @typedef {import("../../pages/_labeling/operations.js").AnnotationDocument} AnnotationDocument */
/** @typedef {import("../../pages/_labeling/operations.js").Box} Box */
/** @typedef {import("../../pages/_labeling/operations.js").Operation} Operation */

const SCENE = { frameCount: 100, width: 640, height: 360 }
/** @type {Box} */
const BOX = [10, 10, 50, 50]

/** @returns {AnnotationDocument} */
function cupOnFrames10And20() {
  const keyframes = [10, 20].map((frame) => ({
    frame, box: /** @type {Box} */ ([frame, 0, frame + 10, 10]), outside: false, occluded: false, source: "manual",
  }))
  return {
    revision: 1,
    labels: [{ name: "cup", color: "#ff0000", id: 1 }],
    tracks: [{ id: 1, label: "cup", keyframes, proposed: true, score: 0.7 }],
    ranges: [],
  }
}

/** @param {Operation[]} operations */
function after(...operations) {
  return operations.reduce((document, operation) => apply(document, operation, SCENE), cupOnFrames10And20())
}

test("applying changes no document but its own", () => {
  const before = cupOnFrames10And20()
  apply(before, { op: "delete_track", track_id: 1 }, SCENE)
  assert.deepEqual(before, cupOnFrames10And20())
})

test("a box under a new name is a new track of its label", () => {
  const { tracks } = after({ op: "put_box", track_id: "new:a", label: "cup", frame: 3, box: BOX })
  assert.deepEqual(tracks[1], {
    id: "new:a", label: "cup", proposed: false, score: null,
    keyframes: [{ frame: 3, box: BOX, outside: false, occluded: false, source: "manual" }],
  })
})

test("a box reaching out of the frame is cut off there", () => {
  const { tracks } = after({ op: "put_box", track_id: 1, frame: 3, box: [-5, -5, 700, 50] })
  assert.deepEqual(tracks[0]?.keyframes[0]?.box, [0, 0, 640, 50])
})

test("a box by hand accepts a proposed track", () => {
  assert.equal(after({ op: "put_box", track_id: 1, frame: 3, box: BOX }).tracks[0]?.proposed, false)
})

test("a derived box is fixed where the screen shows it", () => {
  const shown = { frame: 15, box: BOX, outside: false, occluded: false, source: "tracked" }
  const scene = { ...SCENE, shown: () => shown }
  const { tracks } = apply(cupOnFrames10And20(), { op: "end_track", track_id: 1, frame: 15 }, scene)
  assert.deepEqual(tracks[0]?.keyframes[1], { ...shown, outside: true })
})

test("a label is added at the end and once", () => {
  const cat = /** @type {const} */ ({ op: "add_label", name: " black cat ", color: "#00ff00" })
  assert.deepEqual(after(cat, cat, { op: "add_label", name: "cup" }).labels, [
    { name: "cup", color: "#ff0000", id: 1 },
    { name: "black cat", color: "#00ff00", id: null },
  ])
})

for (const [what, operation] of /** @type {[string, Operation][]} */ ([
  ["a new box below five pixels", { op: "put_box", track_id: "new:a", frame: 3, box: [0, 0, 4, 10], label: "cup" }],
  ["a box without area", { op: "put_box", track_id: 1, frame: 3, box: [4, 0, 4, 10] }],
  ["a box that is no box", { op: "put_box", track_id: 1, frame: 3, box: [0, 0, NaN, 10] }],
  ["a frame that the video lacks", { op: "put_box", track_id: 1, frame: 100, box: BOX }],
  ["a label that the video lacks", { op: "put_box", track_id: "new:a", frame: 3, box: BOX, label: "dog" }],
  ["a new box without a label", { op: "put_box", track_id: "new:a", frame: 3, box: BOX }],
  ["a track that is gone", { op: "put_box", track_id: 9, frame: 3, box: BOX, label: "cup" }],
  ["a name that is taken", { op: "split_track", track_id: 1, frame: 15, new_id: /** @type {any} */ (1) }],
  ["a label without a name", { op: "add_label", name: "  " }],
])) {
  test(`${what} is refused`, () => {
    assert.throws(() => after(operation), Refused)
  })
}

test("a box of an existing track may be as small as an imported one", () => {
  const { tracks } = after({ op: "put_box", track_id: 1, frame: 3, box: [0, 0, 0.4, 10] })
  assert.deepEqual(tracks[0]?.keyframes.find(({ frame }) => frame === 3)?.box, [0, 0, 0.4, 10])
})

test("a merge names both tracks and a split the one that it makes", () => {
  assert.deepEqual(tracksOf({ op: "merge_tracks", track_id: 1, other_id: "new:a" }), [1, "new:a"])
  assert.deepEqual(tracksOf({ op: "split_track", track_id: 1, frame: 4, new_id: "new:b" }), [1, "new:b"])
})

test("a saved track's name becomes its row, except where an operation makes it", () => {
  const rows = new Map([["new:a", 87]])
  assert.deepEqual(withRows({ op: "merge_tracks", track_id: 1, other_id: "new:a" }, rows), {
    op: "merge_tracks", track_id: 1, other_id: 87,
  })
  assert.deepEqual(withRows({ op: "accept_tracks", track_ids: ["new:a", "new:b"] }, rows), {
    op: "accept_tracks", track_ids: [87, "new:b"],
  })
  const split = /** @type {const} */ ({ op: "split_track", track_id: 1, frame: 4, new_id: "new:a" })
  assert.deepEqual(withRows(split, rows), split)
})
