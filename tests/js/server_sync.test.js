import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { LocalDocument } from "../../pages/_labeling/local_document.js"
import { ServerSync } from "../../pages/_labeling/server_sync.js"
import { refusal } from "./fake_api.js"
import { FakeClock } from "./fake_clock.js"

/** @typedef {import("../../pages/_labeling/server_sync.js").ServerChanges} ServerChanges */

const BETWEEN_MS = 500
const QUIET_MS = 600

/** @type {string[]} */ let asked
/** @type {ServerChanges} what the server knows */ let server
/** @type {((news: ServerChanges | number) => void)[]} polls that wait */ let polls
/** @type {string[]} */ let told
/** @type {FakeClock} */ let clock
/** @type {LocalDocument} */ let document
/** @type {Response | null} what the next poll is answered */ let instead = null
let mayApply = true
let isOnline = true

beforeEach(() => {
  asked = []
  polls = []
  told = []
  clock = new FakeClock()
  mayApply = isOnline = true
  instead = null
  server = { revision: 10, boxes_revision: 1, frames: 100, people: [] }
  document = new LocalDocument({ frameCount: 100, width: 640, height: 360 }, () => {})
})

/** @param {string} url @param {RequestInit} [options] @returns {Promise<Response>} */
async function fakeFetch(url, options) {
  asked.push(url.slice("/video".length))
  if (!isOnline) throw new TypeError("Failed to fetch")
  if (instead && url.includes("/changes")) {
    const answer = instead
    instead = null
    return answer
  }
  if (url.includes("/annotations?since=2")) return Response.json({ error: { code: "too_old" } }, { status: 409 })
  if (url.includes("/annotations?")) return Response.json({ revision: server.revision, tracks: [], deleted: [] })
  if (url.endsWith("/annotations")) return Response.json({ revision: server.revision, labels: [], tracks: [], ranges: [] })
  const isNews = !url.includes(`since=${server.revision}&boxes_since=${server.boxes_revision}`)
  if (isNews) return Response.json(server)
  return new Promise((resolve, reject) => {
    polls.push((news) => resolve(typeof news === "number" ? refusal(news, "refused") : Response.json(news)))
    options?.signal?.addEventListener("abort", () => reject(new Error("aborted")))
  })
}

/** @param {Partial<ServerChanges>} news */
async function answerPoll(news) {
  server = { ...server, ...news }
  polls.shift()?.(server)
  await clock.advance(BETWEEN_MS)
}

function listener() {
  return {
    mayApply: () => mayApply,
    polled: (/** @type {ServerChanges} */ { frames }) => told.push(`${frames} frames`),
    boxesChanged: () => told.push("boxes"),
    annotationsChanged: () => told.push("edited"),
    responded: (/** @type {number} */ status) => told.push(`status ${status}`),
  }
}

async function startedSync(waited = BETWEEN_MS) {
  const sync = new ServerSync("/video", document, { fetch: fakeFetch, clock }, listener())
  void sync.start()
  await clock.advance(waited)
  return sync
}

test("it begins with the whole document and then waits for news", async () => {
  await startedSync()
  assert.equal(document.revision, 10)
  assert.deepEqual(asked, ["/changes", "/annotations", "/changes?since=10&boxes_since=1"])
})

test("a new revision brings what changed since the document's own", async () => {
  await startedSync()
  await answerPoll({ revision: 12 })
  assert.equal(document.revision, 12)
  assert.ok(asked.includes("/annotations?since=10"))
})

test("where the log does not reach back the whole document comes", async () => {
  document.replace({ revision: 2, labels: [], tracks: [], ranges: [] })
  await startedSync()
  assert.deepEqual(asked.slice(0, 2), ["/changes", "/annotations?since=2"])
  assert.equal(document.revision, 10)
})

test("while an edit is on its way nothing is fetched, and then it is", async () => {
  const sync = await startedSync()
  mayApply = false
  await answerPoll({ revision: 12 })
  assert.equal(document.revision, 10)
  mayApply = true
  await sync.catchUp()
  assert.equal(document.revision, 12)
})

test("what was doubted is fetched though no poll has told of it", async () => {
  const sync = await startedSync()
  server.revision = 12
  await sync.refresh()
  assert.equal(document.revision, 12)
})

test("a poll does not ask again for what it told while the document lags behind", async () => {
  await startedSync()
  mayApply = false
  await answerPoll({ revision: 12 })
  assert.equal(asked.at(-1), "/changes?since=12&boxes_since=1")
})

test("boxes found anew are told once it is quiet", async () => {
  await startedSync()
  await clock.advance(QUIET_MS)
  told = []
  await answerPoll({ boxes_revision: 2 })
  await answerPoll({ boxes_revision: 3 })
  assert.ok(!told.includes("boxes"))
  await clock.advance(QUIET_MS)
  assert.deepEqual(told.filter((each) => each === "boxes"), ["boxes"])
})

test("an edit without new boxes is told as an edit", async () => {
  await startedSync()
  await clock.advance(QUIET_MS)
  told = []
  await answerPoll({ revision: 11 })
  await clock.advance(QUIET_MS)
  assert.ok(told.includes("edited") && !told.includes("boxes"))
})

test("without a connection it tries again after growing pauses", async () => {
  isOnline = false
  await startedSync(0)
  assert.deepEqual(told, ["status 0"])
  for (const pause of [500, 1000, 2000]) {
    const before = asked.length
    await clock.advance(pause - 1)
    assert.equal(asked.length, before)
    await clock.advance(1)
    assert.equal(asked.length, before + 1)
  }
})

test("waking does not wait for the end of the pause", async () => {
  isOnline = false
  const sync = await startedSync()
  isOnline = true
  sync.wake()
  await clock.settle()
  assert.equal(document.revision, 10)
})

test("an expired sign-in is told", async () => {
  await startedSync()
  polls.shift()?.(401)
  await clock.settle()
  assert.equal(told.at(-1), "status 401")
})

for (const [what, answer, status] of /** @type {[string, Response, number][]} */ ([
  ["a deleted video", refusal(404, "not_found"), 404],
  ["a proxy that finds no server", new Response("<html>", { status: 404 }), 0],
  ["a sign-in page of a network", new Response("<html>"), 0],
])) {
  test(`${what} is told as ${status}`, async () => {
    await startedSync()
    instead = answer
    await answerPoll({ revision: 11 })
    assert.equal(told.at(-1), `status ${status}`)
  })
}

test("a poll that is never answered is given up", async () => {
  await startedSync()
  await clock.advance(40_000)
  assert.equal(told.at(-1), "status 0")
  await clock.advance(500)
  assert.equal(polls.length, 2)
})

test("at rest it asks nothing, and goes on where it was", async () => {
  const sync = await startedSync()
  sync.stop()
  await clock.advance(60_000)
  assert.equal(asked.length, 3)
  server.revision = 11
  void sync.start()
  await clock.settle()
  assert.equal(document.revision, 11)
})

test("closed it stays closed", async () => {
  const sync = await startedSync()
  sync.close()
  void sync.start()
  await clock.advance(60_000)
  assert.equal(asked.length, 3)
})
