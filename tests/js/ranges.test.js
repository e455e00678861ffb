import assert from "node:assert/strict"
import { test } from "node:test"

import { union, without } from "../../pages/_labeling/ranges.js"

test("ranges that touch become one", () => {
  assert.deepEqual(union([[5, 8], [0, 5], [9, 12]]), [[0, 8], [9, 12]])
})

test("a range inside another one adds nothing", () => {
  assert.deepEqual(union([[0, 10], [2, 3]]), [[0, 10]])
})

test("clearing the middle leaves both ends", () => {
  assert.deepEqual(without([[0, 10], [20, 30]], 5, 22), [[0, 5], [22, 30]])
})
