import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { FrameTimes } from "../../pages/_labeling/frame_times.js"

/** @typedef {import("../../pages/_labeling/frame_times.js").Times} Times */

/** @type {string[]} */
let asked = []
/** @type {Times | null} */
let answer = null

beforeEach(() => {
  asked = []
  answer = null
  globalThis.fetch = async (url) => {
    asked.push(String(url))
    return answer ? Response.json(answer) : new Response("", { status: 503 })
  }
})

/** 30 frames at 30 fps, then 30 at 1 fps. @type {Times} */
const VARIABLE = { fps: 1.97, fps_source: "file", frame_count: 60, runs: [[0, 0, 1 / 30], [30, 1, 1]] }

/** @param {Times} times */
async function loaded(times) {
  const made = new FrameTimes("/api/v1/videos/5", times.fps, () => {})
  answer = times
  await made.cover(times.frame_count)
  return made
}

test("a frame has the time of its run", async () => {
  const times = await loaded(VARIABLE)
  assert.deepEqual(asked, ["/api/v1/videos/5/times"])
  assert.deepEqual([0, 29, 30, 31, 59].map((frame) => times.at(frame)?.toFixed(3)), ["0.000", "0.967", "1.000", "2.000", "30.000"])
})

test("a frame is shown until the next one is due", async () => {
  const times = await loaded(VARIABLE)
  assert.deepEqual([0, 28, 29, 30].map((frame) => times.lengthOf(frame).toFixed(3)), ["0.033", "0.033", "0.033", "1.000"])
})

test("no time is made up before the times are known", async () => {
  const times = new FrameTimes("/api/v1/videos/5", 25, () => {})
  await times.cover(10)
  assert.equal(times.at(3), null)
  assert.equal(times.rateWords, "")
  assert.equal(times.lengthOf(3), 0.04)
})

test("times that did not arrive are asked for again", async () => {
  const times = new FrameTimes("/api/v1/videos/5", 25, () => {})
  await times.cover(60)
  answer = VARIABLE
  await times.cover(60)
  assert.equal(times.at(31), 2)
})

test("times are asked for again only when the import has added frames", async () => {
  const times = await loaded(VARIABLE)
  await times.cover(60)
  assert.equal(asked.length, 1)
  await times.cover(61)
  assert.equal(asked.length, 2)
})

test("the rate is told as what it is", async () => {
  const runs = VARIABLE.runs.slice(0, 1)
  assert.equal((await loaded({ ...VARIABLE, fps: 30000 / 1001, runs })).rateWords, "29.97 fps")
  assert.equal((await loaded(VARIABLE)).rateWords, "1.97 fps on average")
  assert.equal((await loaded({ ...VARIABLE, fps: 25, fps_source: "guessed", runs })).rateWords, "about 25 fps (guessed)")
  assert.equal((await loaded({ ...VARIABLE, fps: 12.5, fps_source: "given", runs })).rateWords, "12.5 fps")
})

test("a single frame has the time 0 and no rate", async () => {
  const times = await loaded({ fps: 25, fps_source: "guessed", frame_count: 1, runs: [[0, 0, 0]] })
  assert.equal(times.at(0), 0)
  assert.equal(times.rateWords, "")
})
