import assert from "node:assert/strict"
import { test } from "node:test"

import { KEYS, chordOf } from "../../pages/_labeling/keys.js"

/** @param {string} key @param {Partial<import("../../pages/_labeling/keys.js").Chord>} [more] */
const chord = (key, more) => chordOf({ key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, ...more })

test("letters are the same in either case", () => {
  assert.equal(chord("d"), "d")
  assert.equal(chord("D", { shiftKey: true }), "Shift+d")
})

test("digits go by their place, whatever Shift makes of them", () => {
  assert.equal(chord("!", { code: "Digit1", shiftKey: true }), "Shift+1")
  assert.equal(chord("3", { code: "Digit3" }), "3")
})

test("Cmd counts as Ctrl", () => {
  assert.equal(chord("z", { ctrlKey: true }), "Ctrl+z")
  assert.equal(chord("Z", { metaKey: true, shiftKey: true }), "Ctrl+Shift+z")
})

test("brackets need no Shift, also where a keyboard has them on it", () => {
  assert.equal(chord("[", { shiftKey: true }), "[")
})

test("no two acts have the same chord", () => {
  const chords = KEYS.flatMap(([, , listed]) => listed)
  assert.equal(new Set(chords).size, chords.length)
})

test("every act that the help names has its words and its key", () => {
  for (const [group, keys, , words] of KEYS) assert.equal(Boolean(group), Boolean(keys && words))
})
