import assert from "node:assert/strict"
import { test } from "node:test"

import { sizeText, timeText } from "../../pages/_videos/amounts.js"
import { sentenceOf } from "../../pages/_videos/upload.js"
import { progressText } from "../../pages/_videos/upload_row.js"

test("sizes are in decimal units, with a digit where it tells something", () => {
  const sizes = [999, 1000, 15_600, 1_234_567, 25_000_000, 20e9, 5e12]
  assert.deepEqual(sizes.map(sizeText), ["999 bytes", "1 kB", "16 kB", "1.2 MB", "25 MB", "20 GB", "5000 GB"])
})

test("times are in minutes and seconds", () => {
  assert.deepEqual([0, 45, 60, 125].map(timeText), ["0 s", "45 s", "1 min 0 s", "2 min 5 s"])
})

test("progress tells the share, the rate and what is left", () => {
  assert.equal(progressText(30e6, 90e6, 2e6), "33 % · 2.0 MB/s · 30 s left")
  assert.equal(progressText(0, 90e6, 0), "0 % · 0 bytes/s · ")
  assert.equal(progressText(90e6, 90e6, 2e6), "checking …")
})

test("the sentence of an error is its message, or says to try again", () => {
  assert.equal(sentenceOf('{"error": {"code": "x", "message": "Too large."}}'), "Too large.")
  assert.match(sentenceOf("<html>"), /Try again/)
})
