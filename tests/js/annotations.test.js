import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"

import { Annotations } from "../../pages/_labeling/annotations.js"
import { MemoryStore } from "../../pages/_labeling/queue_store.js"
import { refusal } from "./fake_api.js"
import { FakeClock } from "./fake_clock.js"

/** @typedef {import("../../pages/_labeling/operations.js").Box} Box */

const VIDEO = { id: 3, name: "street", width: 640, height: 360, frames: 100 }
const CUP = { name: "cup", color: "#ff0000", id: 1 }
/** @type {Box} */
const BOX = [10, 10, 50, 50]

/** @type {FakeClock} */ let clock
/** @type {Annotations} */ let annotations
/** @type {string[]} */ let told
/** @type {{revision: number}[]} */ let sent
let revision = 10
/** @type {Response | null} what the next edit is answered */ let instead = null
/** @type {number} of every answer; 200 where the server is well */ let status = 200

beforeEach(async () => {
  clock = new FakeClock()
  told = []
  sent = []
  revision = 10
  instead = null
  status = 200
  const environment = { store: new MemoryStore(), fetch: fakeFetch, api: "/api/v1", clock, random: () => 1 }
  annotations = new Annotations("/api/v1/videos/3", VIDEO, { id: 7, username: "ann" }, environment, {
    changed: () => {},
    tracksSaved: (savedIds) => told.push(`saved ${[...savedIds.values()]}`),
    refused: (sentence) => told.push(sentence),
    stepDone: (what) => told.push(what),
    polled: () => {},
    boxesChanged: () => {},
  })
})

afterEach(() => annotations.close())

/** @param {string} url @param {RequestInit} [options] @returns {Promise<Response>} */
async function fakeFetch(url, options = {}) {
  if (status !== 200) return refusal(status, "trouble")
  if (options.method) return answerTo(url, JSON.parse(String(options.body)))
  if (url.includes("/annotations?")) return Response.json({ revision, tracks: [], deleted: [] })
  if (url.endsWith("/annotations")) return Response.json({ revision, labels: [CUP], tracks: [], ranges: [] })
  if (url.includes(`since=${revision}&`)) {
    return new Promise((_, reject) => options.signal?.addEventListener("abort", () => reject(new Error("aborted"))))
  }
  return Response.json({ revision, boxes_revision: 1, frames: 100, people: [] })
}

/** @param {string} url @param {{revision: number}} body */
function answerTo(url, body) {
  sent.push(body)
  const special = instead
  instead = null
  if (special) return special
  revision++
  if (url.endsWith("/undo")) return Response.json({ revision, frame: 4, what: "a box of cup on frame 4" })
  return Response.json({ revision, tracks: { "new:a": 87 } })
}

async function start() {
  void annotations.start()
  await clock.advance(500)
}

function drawBox() {
  annotations.do([{ op: "put_box", frame: 4, box: BOX, track_id: "new:a", label: "cup" }], 4)
}

test("nothing is called saved before anything is known", async () => {
  assert.equal(annotations.saving, "loading")
  await start()
  assert.equal(annotations.saving, "saved")
})

test("an edit is seen at once, waits, and is saved under its number", async () => {
  await start()
  drawBox()
  assert.equal(annotations.document.track("new:a")?.label, "cup")
  assert.equal(annotations.saving, "waiting")
  await clock.settle()
  assert.equal(annotations.saving, "saved")
  assert.equal(annotations.document.track(87)?.label, "cup")
  assert.deepEqual(told, ["saved 87"])
})

test("what the server would refuse is told and not sent", async () => {
  await start()
  annotations.do([{ op: "end_track", track_id: 5, frame: 4 }], 4)
  await clock.settle()
  assert.deepEqual(told, ["There is no track 5 in this video."])
  assert.deepEqual(sent, [])
})

test("an edit that came second is done again on the newest state", async () => {
  await start()
  instead = refusal(409, "edit_conflict")
  drawBox()
  await clock.settle()
  assert.equal(annotations.document.track("new:a"), undefined)
  revision = 15
  await annotations.retry(annotations.queue.rejected)
  await clock.settle()
  assert.deepEqual(sent.map((body) => body.revision), [10, 15])
  assert.deepEqual(annotations.queue.rejected, [])
})

test("an edit that came second can be left", async () => {
  await start()
  instead = refusal(409, "edit_conflict")
  drawBox()
  await clock.settle()
  annotations.dismiss(annotations.queue.rejected)
  await clock.settle()
  assert.deepEqual(annotations.queue.rejected, [])
  assert.equal(sent.length, 1)
})

test("an undo says what it was", async () => {
  await start()
  annotations.undoOrRedo("undo", 4)
  await clock.settle()
  assert.deepEqual(told, ["Undone: a box of cup on frame 4"])
})

for (const [answer, saving] of /** @type {[number, string][]} */ ([
  [503, "offline"],
  [401, "signed_out"],
  [404, "gone"],
])) {
  test(`while the server answers ${answer} it is ${saving}, and then well again`, async () => {
    status = answer
    await start()
    assert.equal(annotations.saving, saving)
    status = 200
    annotations.wake()
    await clock.advance(500)
    assert.equal(annotations.saving, "saved")
  })
}
