/** Where the records of the operation queue are kept: in IndexedDB, else in this tab alone. */

/** @typedef {import("./queue_records.js").Records} Records */
/**
 * @typedef {object} QueueStore
 * @property {boolean} isDurable whether the records outlive this tab
 * @property {(step: (records: Records) => Records) => Promise<Records>} change do a step as one
 *   transaction; the records after it
 */

const NAME = "tpod-edits"
const VERSION = 1

/** @returns {Records} */
function nothing() {
  return { entries: [], owners: [] }
}

/** @implements {QueueStore} */
export class MemoryStore {
  isDurable = false

  /** @param {Records} records */
  constructor(records = nothing()) {
    this.records = records
  }

  /** @param {(records: Records) => Records} step */
  change(step) {
    this.records = step(this.records)
    return Promise.resolve(this.records)
  }
}

/** @implements {QueueStore} */
export class IndexedStore {
  isDurable = true

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database
  }

  /**
   * @param {IDBFactory} factory
   * @returns {Promise<IndexedStore>}
   */
  static async open(factory) {
    const request = factory.open(NAME, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore("entries", { keyPath: "batch" })
      request.result.createObjectStore("owners", { keyPath: "owner" })
    }
    const database = await resultOf(request)
    // Another tab has a newer version of TPOD: make room for it.
    database.onversionchange = () => database.close()
    return new IndexedStore(database)
  }

  /** @param {(records: Records) => Records} step */
  async change(step) {
    const transaction = this.database.transaction(["entries", "owners"], "readwrite")
    const entries = transaction.objectStore("entries")
    const owners = transaction.objectStore("owners")
    const [after] = await Promise.all([stepped(entries, owners, step), endOf(transaction)])
    return after
  }
}

/**
 * Changes to the memory of this tab for good when the store behind it fails: a full disk must not
 * stop the work. `onLoss` is called then, so that the screen can say it.
 * @implements {QueueStore}
 */
export class SafeStore {
  isDurable = true
  /** @type {Records} */ #last = nothing()
  /** @type {Promise<QueueStore>} one step after the other */ #turn

  /** @param {Promise<QueueStore>} opening @param {() => void} onLoss */
  constructor(opening, onLoss) {
    this.onLoss = onLoss
    this.#turn = opening.catch(() => this.#inMemory())
  }

  /** @param {(records: Records) => Records} step */
  async change(step) {
    this.#turn = this.#turn.then((store) => this.#changed(store, step))
    await this.#turn
    return this.#last
  }

  /** The store that did a step. @param {QueueStore} store @param {(records: Records) => Records} step @returns {Promise<QueueStore>} */
  async #changed(store, step) {
    try {
      this.#last = await store.change(step)
      return store
    } catch {
      const memory = this.#inMemory()
      this.#last = await memory.change(step)
      return memory
    }
  }

  /** From now on the records are lost with this tab, which `onLoss` tells the person. */
  #inMemory() {
    this.isDurable = false
    this.onLoss()
    return new MemoryStore(this.#last)
  }
}

/** @param {() => void} onLoss called if records are lost with this tab from now on */
export function openStore(onLoss) {
  // Reading `indexedDB` itself throws where a browser forbids it.
  return new SafeStore(Promise.resolve().then(() => IndexedStore.open(indexedDB)), onLoss)
}

/** @param {IDBObjectStore} entries @param {IDBObjectStore} owners @param {(records: Records) => Records} step */
async function stepped(entries, owners, step) {
  const [found, alive] = await Promise.all([resultOf(entries.getAll()), resultOf(owners.getAll())])
  const after = step({ entries: found, owners: alive })
  write(entries, found, after.entries, ({ batch }) => batch)
  write(owners, alive, after.owners, ({ owner }) => owner)
  return after
}

/**
 * Write what differs. Steps leave alone the objects that they do not change.
 * @template R
 * @param {IDBObjectStore} store @param {R[]} before @param {R[]} after @param {(record: R) => string} keyOf
 */
function write(store, before, after, keyOf) {
  const same = new Set(before)
  const kept = new Set(after.map(keyOf))
  for (const record of before) if (!kept.has(keyOf(record))) store.delete(keyOf(record))
  for (const record of after) if (!same.has(record)) store.put(record)
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function endOf(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}
