import assert from "node:assert/strict"
import { test } from "node:test"

import { added, grouped, saved } from "../../pages/_labeling/queue_records.js"

/** @typedef {import("../../pages/_labeling/operations.js").Operation} Operation */
/** @typedef {import("../../pages/_labeling/queue_records.js").Entry} Entry */

/** @param {string} batch @param {Operation[]} ops @param {Partial<Entry>} [more] @returns {Entry} */
function entry(batch, ops, more = {}) {
  return {
    batch, ops, number: 0, owner: "tab", state: "waiting", reason: "", userId: 7, username: "ann",
    videoId: 3, videoName: "street", revision: 1, kind: "edit", frame: 0, made: 0, ...more,
  }
}

/** @param {string | number} track_id @returns {Operation} */
function endOf(track_id) {
  return { op: "end_track", track_id, frame: 5 }
}

/** @param {Entry[]} entries */
function recordsOf(...entries) {
  return entries.reduce((records, each) => added(records, each, 0), {
    entries: /** @type {Entry[]} */ ([]), owners: /** @type {{owner: string, aliveAt: number}[]} */ ([]),
  })
}

test("added entries are numbered in order", () => {
  const records = recordsOf(entry("a", []), entry("b", []))
  assert.deepEqual(records.entries.map(({ number }) => number), [1, 2])
})

test("the owner of an added entry is alive", () => {
  assert.deepEqual(recordsOf(entry("a", [])).owners, [{ owner: "tab", aliveAt: 0 }])
})

test("a saved batch names its tracks in the later entries of its video alone", () => {
  const records = recordsOf(
    entry("a", []),
    entry("b", [endOf("new:x")]),
    entry("c", [endOf("new:x")], { videoId: 4 }),
    entry("d", [endOf("new:y")]),
  )
  const after = saved(records, "a", { "new:x": 87 })
  assert.deepEqual(after.entries.map(({ ops }) => ops), [[endOf(87)], [endOf("new:x")], [endOf("new:y")]])
})

test("a step leaves alone what it does not change", () => {
  const records = recordsOf(entry("a", []), entry("b", [endOf("new:y")]))
  assert.equal(saved(records, "a", { "new:x": 87 }).entries[0], records.entries[1])
})

test("rejected entries of one unmade track are listed together", () => {
  const [a, b, c] = [entry("a", [endOf("new:x")]), entry("b", [endOf(5)]), entry("c", [endOf("new:x")])]
  assert.deepEqual(grouped([a, b, c]), [[a, c], [b]])
})

test("a merge ties the entries of both tracks together", () => {
  const both = entry("b", [{ op: "merge_tracks", track_id: "new:x", other_id: "new:y" }])
  const [a, c] = [entry("a", [endOf("new:x")]), entry("c", [endOf("new:y")])]
  assert.deepEqual(grouped([a, both, c]), [[a, both, c]])
})
