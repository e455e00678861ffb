import assert from "node:assert/strict"
import { test } from "node:test"

import { clock, effortWords, listed, percent } from "../../pages/_labeling/words.js"

test("names are listed as people list them", () => {
  assert.deepEqual([[], ["Ann"], ["Ann", "Bea"], ["Ann", "Bea", "Cid"]].map(listed), ["", "Ann", "Ann and Bea", "Ann, Bea and Cid"])
})

test("the clock shows minutes and hundredths", () => {
  assert.deepEqual([0, 9.5, 75.25, 3600].map(clock), ["00:00.00", "00:09.50", "01:15.25", "60:00.00"])
})

test("the effort tells time, boxes by hand and what each brought", () => {
  assert.equal(effortWords({ seconds: 720, human_boxes: 34, boxes_per_human_box: 18.2 }), "12 min · 34 by hand · 18 boxes each")
  assert.equal(effortWords({ seconds: 40, human_boxes: 2, boxes_per_human_box: 7.25 }), "40 s · 2 by hand · 7.3 boxes each")
  assert.equal(effortWords({ seconds: 9000, human_boxes: 0, boxes_per_human_box: 0 }), "2.5 h · 0 by hand")
})

test("a share is told in whole percent", () => {
  assert.equal(percent(0.876), "88%")
})
