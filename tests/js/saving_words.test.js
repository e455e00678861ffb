import assert from "node:assert/strict"
import { test } from "node:test"

import { bannerWords, needsSignIn, savingWords } from "../../pages/_labeling/saving_words.js"

/** @typedef {import("../../pages/_labeling/annotations.js").Saving} Saving */

/** @type {Saving[]} */
const TROUBLES = ["offline", "signed_out", "no_access", "other_user", "gone"]

test("nothing but saved is called Saved", () => {
  assert.equal(savingWords("saved", 0), "Saved")
  for (const saving of /** @type {Saving[]} */ (["loading", "waiting", ...TROUBLES])) {
    assert.notEqual(savingWords(saving, 2), "Saved")
  }
})

test("the number of unsaved edits is said", () => {
  assert.equal(savingWords("waiting", 3), "Not saved yet (3)")
  assert.equal(savingWords("offline", 1), "Offline: 1 edit waits in this browser")
  assert.equal(savingWords("signed_out", 2), "Sign in again: 2 edits wait")
})

test("every trouble has a banner and nothing else has", () => {
  for (const saving of TROUBLES) assert.notEqual(bannerWords(saving, true, "ann"), "")
  for (const saving of /** @type {Saving[]} */ (["saved", "waiting", "loading"])) assert.equal(bannerWords(saving, true, "ann"), "")
})

test("a browser that keeps nothing is always named", () => {
  assert.match(bannerWords("saved", false, "ann"), /only in this tab/)
  assert.match(bannerWords("offline", false, "ann"), /do not close it/)
})

test("signing in is offered where it helps", () => {
  assert.deepEqual(TROUBLES.filter(needsSignIn), ["signed_out", "other_user"])
})
