/** Stores the records of the operation queue in IndexedDB, or only in this tab if that fails. */

/** @typedef {import("./queue_records.js").Records} Records */
/**
 * @typedef {object} QueueStore
 * @property {boolean} isDurable whether the records outlive this tab
 * @property {(step: (records: Records) => Records) => Promise<Records>} change do a step as one
 *   transaction; resolves to the records after it
 */

const NAME = "tpod-edits"
const VERSION = 1

/** @returns {Records} */
function emptyRecords() {
  return { entries: [], owners: [] }
}

/** @implements {QueueStore} */
export class MemoryStore {
  isDurable = false

  /** @param {Records} records */
  constructor(records = emptyRecords()) {
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
    // Another tab has a newer version of TPOD and needs to upgrade the database.
    database.onversionchange = () => database.close()
    return new IndexedStore(database)
  }

  /** @param {(records: Records) => Records} step */
  async change(step) {
    const transaction = this.database.transaction(["entries", "owners"], "readwrite")
    const entries = transaction.objectStore("entries")
    const owners = transaction.objectStore("owners")
    const [after] = await Promise.all([applyStep(entries, owners, step), endOf(transaction)])
    return after
  }
}

/**
 * Falls back for good to the memory of this tab when the store fails, so that a full disk does not
 * stop the work. It then calls `onLoss`, so that the screen can warn the user.
 * @implements {QueueStore}
 */
export class SafeStore {
  isDurable = true
  /** @type {Records} */ #last = emptyRecords()
  /** @type {Promise<QueueStore>} the store after the last step, which the next one awaits */ #ready

  /** @param {Promise<QueueStore>} opening @param {() => void} onLoss */
  constructor(opening, onLoss) {
    this.onLoss = onLoss
    this.#ready = opening.catch(() => this.#inMemory())
  }

  /** @param {(records: Records) => Records} step */
  async change(step) {
    this.#ready = this.#ready.then((store) => this.#changed(store, step))
    await this.#ready
    return this.#last
  }

  /** Do a step; resolves to the store that did it. @param {QueueStore} store @param {(records: Records) => Records} step @returns {Promise<QueueStore>} */
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

  /** Continue in memory: the records are then lost when the tab is closed. */
  #inMemory() {
    this.isDurable = false
    this.onLoss()
    return new MemoryStore(this.#last)
  }
}

/** @param {() => void} onLoss called when records are kept only in this tab */
export function openStore(onLoss) {
  // Reading `indexedDB` itself throws where a browser forbids it.
  return new SafeStore(Promise.resolve().then(() => IndexedStore.open(indexedDB)), onLoss)
}

/** @param {IDBObjectStore} entries @param {IDBObjectStore} owners @param {(records: Records) => Records} step */
async function applyStep(entries, owners, step) {
  const [found, alive] = await Promise.all([resultOf(entries.getAll()), resultOf(owners.getAll())])
  const after = step({ entries: found, owners: alive })
  write(entries, found, after.entries, ({ batch }) => batch)
  write(owners, alive, after.owners, ({ owner }) => owner)
  return after
}

/**
 * Write the records that changed. A step returns the same object for an unchanged record.
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
