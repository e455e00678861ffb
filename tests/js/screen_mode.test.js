import assert from "node:assert/strict"
import { test } from "node:test"

import { modeOf, withMode } from "../../pages/_labeling/screen_mode.js"

const MOUSE = { coarse: false, width: 1280 }

/** @param {string} query */
function address(query) {
  return new URL(`http://tpod/labeling?video=3${query}`)
}

test("the device decides until the person chooses", () => {
  assert.equal(modeOf(address(""), null, MOUSE), "fast")
  assert.equal(modeOf(address(""), null, { coarse: true, width: 1280 }), "plain")
  assert.equal(modeOf(address(""), null, { coarse: false, width: 699 }), "plain")
})

test("what was chosen holds on any device", () => {
  assert.equal(modeOf(address(""), "fast", { coarse: true, width: 390 }), "fast")
  assert.equal(modeOf(address(""), "plain", MOUSE), "plain")
})

test("the address decides before anything else", () => {
  assert.equal(modeOf(address("&mode=fast"), "plain", MOUSE), "fast")
  assert.equal(modeOf(address("&mode=slow"), null, MOUSE), "fast")
})

test("a change of mode keeps the video and the frame", () => {
  assert.equal(withMode(address("&frame=7"), "plain").search, "?video=3&frame=7&mode=plain")
})
