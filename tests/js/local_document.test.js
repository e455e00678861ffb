import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { LocalDocument, effective } from "../../pages/_labeling/local_document.js"

/** @typedef {import("../../pages/_labeling/local_document.js").Difference} Difference */
/** @typedef {import("../../pages/_labeling/local_document.js").PendingEdit} PendingEdit */
/** @typedef {import("../../pages/_labeling/operations.js").Box} Box */
/** @typedef {import("../../pages/_labeling/operations.js").Operation} Operation */
/** @typedef {import("../../pages/_labeling/operations.js").Track} Track */

const SCENE = { frameCount: 100, width: 640, height: 360 }
/** @type {Box} */
const BOX = [10, 10, 50, 50]
/** @type {Box} */
const MOVED = [20, 20, 60, 60]
const CUP = { name: "cup", color: "#ff0000", id: 1 }

/** @type {Difference[]} */ let differences
/** @type {LocalDocument} */ let document

beforeEach(() => {
  differences = []
  document = new LocalDocument(SCENE, (difference) => differences.push(difference))
  document.replace({ revision: 10, labels: [CUP], tracks: [track(1), track(2)], ranges: [] })
})

/** @param {number | string} id @param {Box} [box] @returns {Track} */
function track(id, box = BOX) {
  const keyframe = { frame: 0, box, outside: false, occluded: false, source: "manual" }
  return { id, label: "cup", keyframes: [keyframe], proposed: false, score: null }
}

/** @param {string} batch @param {Operation[]} ops @returns {PendingEdit} */
function edit(batch, ...ops) {
  return { batch, kind: "edit", ops }
}

/** @param {number | string} track_id @param {Box} [box] @returns {Operation} */
function put(track_id, box = BOX) {
  return { op: "put_box", frame: 0, box, track_id, label: "cup" }
}

/** @param {number | string} id */
function boxOf(id) {
  return document.track(id)?.keyframes[0]?.box
}

function ids() {
  return document.tracks.map(({ id }) => id)
}

test("a pending edit is seen at once", () => {
  document.add(edit("a", put("new:x")))
  assert.deepEqual(ids(), [1, 2, "new:x"])
  assert.equal(document.revision, 10)
})

test("a saved edit next in line is part of the document without another question", () => {
  document.add(edit("a", put("new:x")))
  document.confirm("a", { revision: 11, tracks: { "new:x": 87 } })
  assert.deepEqual(document.savedTracks, [track(1), track(2), track(87)])
  assert.equal(document.revision, 11)
  assert.equal(document.newestRevision, 11)
})

for (const [what, edits, revision] of /** @type {[string, PendingEdit[], number][]} */ ([
  ["somebody else has edited before", [edit("a", put("new:x"))], 12],
  ["the server alone knows its outcome", [edit("a", put("new:x"), { op: "add_label", name: "cat" })], 11],
  ["an undo of it waits", [edit("a", put("new:x")), { batch: "u", kind: "undo", ops: [] }], 11],
])) {
  test(`a saved edit stays pending where ${what}`, () => {
    for (const each of edits) document.add(each)
    document.confirm("a", { revision, tracks: { "new:x": 87 } })
    assert.equal(document.revision, 10)
    assert.equal(document.newestRevision, revision)
  })
}

test("a saved edit is seen until the server's document contains it, and once", () => {
  document.add(edit("a", put("new:x")))
  document.confirm("a", { revision: 12, tracks: { "new:x": 87 } })
  assert.deepEqual(ids(), [1, 2, "new:x"])
  document.applyChanges({ revision: 12, tracks: [track(87)], deleted: [] })
  assert.deepEqual(ids(), [1, 2, 87])
})

test("a track keeps its name until its row is in the document, and then follows it", () => {
  document.add(edit("a", put("new:x")))
  document.confirm("a", { revision: 12, tracks: { "new:x": 87 } })
  assert.equal(document.rowOf("new:x"), "new:x")
  document.applyChanges({ revision: 12, tracks: [track(87)], deleted: [] })
  assert.equal(document.rowOf("new:x"), 87)
  assert.deepEqual([...(differences.at(-1)?.savedIds ?? [])], [["new:x", 87]])
  assert.equal(document.track("new:x")?.id, 87)
})

test("later edits of a named track hold on to it when it is saved", () => {
  document.add(edit("a", put("new:x")))
  document.add(edit("b", put("new:x", MOVED)))
  document.confirm("a", { revision: 11, tracks: { "new:x": 87 } })
  assert.deepEqual(boxOf(87), MOVED)
  assert.deepEqual(ids(), [1, 2, 87])
})

test("edits of others appear under one's own pending ones", () => {
  document.add(edit("a", put(1, MOVED)))
  document.applyChanges({ revision: 11, tracks: [track(2, MOVED), track(3)], deleted: [] })
  assert.deepEqual([boxOf(1), boxOf(2), boxOf(3)], [MOVED, MOVED, BOX])
})

test("a track that another one deleted is gone", () => {
  document.applyChanges({ revision: 11, tracks: [], deleted: [2] })
  assert.deepEqual(ids(), [1])
})

test("labels and ranges stay when the server does not name them", () => {
  document.applyChanges({ revision: 11, tracks: [], deleted: [], ranges: [[0, 5]] })
  document.applyChanges({ revision: 12, tracks: [], deleted: [] })
  assert.deepEqual(document.ranges, [[0, 5]])
  assert.deepEqual(document.labels, [CUP])
})

test("a dropped edit is not seen any more", () => {
  document.add(edit("a", put(1, MOVED)))
  document.drop("a")
  assert.deepEqual(boxOf(1), BOX)
})

test("an edit that cannot be done any more is left out whole", () => {
  document.add(edit("a", put(1, MOVED), { op: "delete_track", track_id: 9 }))
  document.add(edit("b", put(2, MOVED)))
  assert.deepEqual([boxOf(1), boxOf(2)], [BOX, MOVED])
})

test("an older document changes nothing", () => {
  document.applyChanges({ revision: 11, tracks: [track(3)], deleted: [] })
  document.applyChanges({ revision: 10, tracks: [], deleted: [3] })
  document.replace({ revision: 10, labels: [], tracks: [], ranges: [] })
  assert.deepEqual(ids(), [1, 2, 3])
})

test("a change tells which tracks it touched", () => {
  document.add(edit("a", put(1, MOVED), { op: "delete_track", track_id: 2 }, put("new:x")))
  const { tracks, labels, ranges } = /** @type {Difference} */ (differences.at(-1))
  assert.deepEqual([...tracks], [1, "new:x", 2])
  assert.deepEqual([labels, ranges], [false, false])
})

test("an undo takes back the pending edit before it", () => {
  document.add(edit("a", put(1, MOVED)))
  document.add({ batch: "b", kind: "undo", ops: [] })
  assert.deepEqual(boxOf(1), BOX)
})

for (const [steps, left] of /** @type {[string, string][]} */ ([
  ["abu", "a"],
  ["abuu", ""],
  ["abuur", "a"],
  ["abuurr", "ab"],
  ["aubr", "b"],
  ["uar", "a"],
  ["uur", ""],
])) {
  test(`of the steps ${steps} the edits "${left}" are left`, () => {
    const pending = [...steps].map((batch) => {
      /** @type {PendingEdit["kind"]} */
      const kind = batch === "u" ? "undo" : batch === "r" ? "redo" : "edit"
      return { batch, kind, ops: [] }
    })
    assert.equal(effective(pending).map(({ batch }) => batch).join(""), left)
  })
}
