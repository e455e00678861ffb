import assert from "node:assert/strict"
import { test } from "node:test"

import { IDBFactory } from "fake-indexeddb"

import { added, dismissed } from "../../pages/_labeling/queue_records.js"
import { IndexedStore, SafeStore } from "../../pages/_labeling/queue_store.js"

/** @typedef {import("../../pages/_labeling/queue_records.js").Entry} Entry */
/** @typedef {import("../../pages/_labeling/queue_records.js").Records} Records */

/** @param {string} batch @returns {Entry} */
function entry(batch) {
  return {
    batch, ops: [], number: 0, owner: "tab", state: "waiting", reason: "", userId: 7, username: "ann",
    videoId: 3, videoName: "street", revision: 1, kind: "edit", frame: 0, made: 0,
  }
}

/** @param {string} batch */
function adding(batch) {
  return (/** @type {Records} */ records) => added(records, entry(batch), 5)
}

/** @param {{change: (step: (records: Records) => Records) => Promise<Records>}} store */
async function batchesIn(store) {
  const { entries } = await store.change((records) => records)
  return entries.map(({ batch }) => batch).sort()
}

test("what one tab writes another one reads", async () => {
  const factory = new IDBFactory()
  await (await IndexedStore.open(factory)).change(adding("a"))
  const other = await IndexedStore.open(factory)
  const { entries, owners } = await other.change((records) => records)
  assert.deepEqual(entries, [{ ...entry("a"), number: 1 }])
  assert.deepEqual(owners, [{ owner: "tab", aliveAt: 5 }])
})

test("what a step leaves out is deleted", async () => {
  const store = await IndexedStore.open(new IDBFactory())
  await store.change(adding("a"))
  await store.change(adding("b"))
  await store.change((records) => dismissed(records, ["a"]))
  assert.deepEqual(await batchesIn(store), ["b"])
})

test("steps of two tabs at once follow one another", async () => {
  const factory = new IDBFactory()
  const tabs = [await IndexedStore.open(factory), await IndexedStore.open(factory)]
  await Promise.all(["a", "b", "c", "d"].map((batch, at) => tabs[at % 2]?.change(adding(batch))))
  const { entries } = await (await IndexedStore.open(factory)).change((records) => records)
  assert.deepEqual(entries.map(({ number }) => number).sort(), [1, 2, 3, 4])
})

test("a step that fails changes nothing", async () => {
  const store = await IndexedStore.open(new IDBFactory())
  await store.change(adding("a"))
  await assert.rejects(store.change(() => { throw new Error("no") }), /no/)
  assert.deepEqual(await batchesIn(store), ["a"])
})

test("when the store fails this tab goes on with what was there", async () => {
  const factory = new IDBFactory()
  const indexed = await IndexedStore.open(factory)
  let losses = 0
  const store = new SafeStore(Promise.resolve(indexed), () => losses++)
  await store.change(adding("a"))
  indexed.database.close()
  await Promise.all([store.change(adding("b")), store.change(adding("c"))])
  assert.deepEqual(await batchesIn(store), ["a", "b", "c"])
  assert.equal(store.isDurable, false)
  assert.equal(losses, 1)
})

test("where the browser keeps nothing this tab does", async () => {
  let losses = 0
  const store = new SafeStore(Promise.reject(new Error("forbidden")), () => losses++)
  await store.change(adding("a"))
  assert.deepEqual(await batchesIn(store), ["a"])
  assert.equal(store.isDurable, false)
  assert.equal(losses, 1)
})
