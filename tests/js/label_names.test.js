import assert from "node:assert/strict"
import { test } from "node:test"

import { cleanLabelName, findLabel } from "../../pages/_labeling/label_names.js"
import { Refused } from "../../pages/_labeling/refused.js"

/** @param {string} one @param {string} other */
const readTheSame = (one, other) => findLabel([{ name: one }], other) !== undefined

test("names that read the same are one label", () => {
  for (const [one, other] of [
    ["cup", " CUP "], ["Straße", "STRASSE"], ["ΟΔΟΣ", "οδος"], ["caf\u00e9", "cafe\u0301"], ["ｃｕｐ", "cup"],
    ["می\u200cخواهم", "میخواهم"], ["👩\u200d🚀 cup", "👩🚀 cup"], ["❤\ufe0f", "❤"], ["cu\u200bp", "cup"],
  ]) assert.ok(readTheSame(String(one), String(other)), `${one} ${other}`)
})

test("names that differ for a reader are two labels", () => {
  const england = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"
  const scotland = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"
  for (const [one, other] of [["cup", "cups"], ["ışık", "işik"], ["a b", "ab"], [england, scotland]]) {
    assert.ok(!readTheSame(String(one), String(other)), `${one} ${other}`)
  }
})

test("the exact name is found before one that reads the same", () => {
  const labels = [{ name: "Cup" }, { name: "cup" }]
  assert.equal(findLabel(labels, "cup"), labels[1])
})

test("joiners stay in a name", () => {
  for (const name of ["👩\u200d🚀 cup", "می\u200cخواهم"]) assert.equal(cleanLabelName(` ${name} `), name)
})

test("a name that is not seen, or turns the direction of text, is refused", () => {
  for (const name of ["", " ", "\u200d", "\u3164", "exe.\u202egpj", "cup\u200f"]) {
    assert.throws(() => cleanLabelName(name), Refused)
  }
})
