import assert from "node:assert/strict"
import { test } from "node:test"

import { PropagationStore } from "../../pages/_labeling/propagation_store.js"
import { highestBars } from "../../pages/_labeling/sparkline.js"

/** Frames 11 to 14 of track 7 lie between key frames, 0 to 2 of track 8 before its first one. */
function store() {
  const known = new PropagationStore("/videos/1", () => {})
  const seven = { start: 10, stop: 15, uncertainty: [0.1, 0.5, 0.2, 0.4], correction: { frame: 12, weight: 3 } }
  const eight = { start: 0, stop: 3, uncertainty: [0, 0.9, 0.1] }
  known.update({
    pending: false,
    tracks: [
      { track_id: 7, ends_at: 14, segments: [seven] },
      { track_id: 8, ends_at: null, segments: [eight] },
    ],
  })
  return known
}

test("the doubt of a frame is that of its place in the segment", () => {
  const known = store()
  assert.deepEqual([10, 11, 12, 14, 15].map((frame) => known.uncertaintyOf(7, frame)), [0, 0.1, 0.5, 0.4, 0])
  assert.equal(known.uncertaintyOf(8, 0), 0)
  assert.equal(known.uncertaintyOf(8, 1), 0.9)
  assert.equal(known.uncertaintyOf("new:a", 1), 0)
})

test("the worst frame is the weightiest correction, then the most uncertain one that is left", () => {
  const known = store()
  assert.deepEqual([known.worst([7, 8]), known.worst([7, 8])], [12, 1])
  assert.equal(known.worst([7, 8]), null)
})

test("a frame right beside one that was proposed is not proposed", () => {
  const known = store()
  known.suggested.add(13)
  assert.equal(known.worst([7]), null)
  known.suggested.clear()
  assert.equal(known.worst([7]), 12)
})

test("the end of a track is known only where something speaks for it", () => {
  const known = store()
  assert.deepEqual([known.endOf(7), known.endOf(8), known.endOf(99), known.endOf("new:a")], [14, null, null, null])
})

test("at each pixel the sparkline keeps the highest value", () => {
  const bars = highestBars(store().uncertainties([7]), (frame) => Math.floor(frame / 2))
  assert.deepEqual([...bars], [[5, 0.1], [6, 0.5], [7, 0.4]])
})
