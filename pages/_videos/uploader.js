/** The drop zone: uploads files one after the other, and reruns the page after each. */

import { component } from "../_shared/component.js"
import { sizeText } from "./amounts.js"
import { sendVideo } from "./upload.js"
import { UploadRow } from "./upload_row.js"

/** @typedef {{ max_bytes: number }} Data */
/** @typedef {import("../_shared/component.js").Call<Data>} Call */

const EMPTY = "The file is empty. Copy it from its source again."

class Uploader {
  /** @param {Call} call */
  constructor({ parentElement, data, setTriggerValue }) {
    this.limit = data.max_bytes
    this.setTriggerValue = setTriggerValue
    this.waiting = 0
    this.queue = Promise.resolve()
    this.abort = new AbortController()
    this.root = find(parentElement, ".uploader")
    this.zone = find(parentElement, ".zone")
    this.input = /** @type {HTMLInputElement} */ (find(parentElement, "input"))
    this.list = find(parentElement, ".files")
    find(parentElement, ".limit").textContent = `up to ${sizeText(this.limit)} each`
    this.#listen()
    this.root.hidden = false // not before, because the browser would open a file dropped on it
  }

  #listen() {
    const options = { signal: this.abort.signal }
    this.input.addEventListener("change", () => {
      this.#add([...(this.input.files ?? [])])
      this.input.value = ""
    }, options)
    for (const kind of ["dragenter", "dragover"]) {
      this.zone.addEventListener(kind, (event) => this.#hover(event, true), options)
    }
    this.zone.addEventListener("dragleave", () => this.zone.classList.remove("over"), options)
    this.zone.addEventListener("drop", (event) => {
      this.#hover(event, false)
      this.#add([...(event.dataTransfer?.files ?? [])])
    }, options)
    window.addEventListener("beforeunload", (event) => this.waiting && event.preventDefault(), options)
  }

  /** @param {Call} call */
  update({ setTriggerValue }) {
    this.setTriggerValue = setTriggerValue
    return true
  }

  /** Remove the listeners; running uploads continue. */
  destroy() {
    this.abort.abort()
  }

  /** @param {Event} event @param {boolean} isOver */
  #hover(event, isOver) {
    event.preventDefault()
    this.zone.classList.toggle("over", isOver)
  }

  /** @param {File[]} files */
  #add(files) {
    for (const file of files) {
      const row = new UploadRow(this.list, file.name)
      if (file.size === 0) row.fail(EMPTY)
      else if (file.size > this.limit) row.fail(`Larger than ${sizeText(this.limit)}, the limit of this installation.`)
      else this.#enqueue(file, row)
    }
  }

  /** @param {File} file @param {UploadRow} row */
  #enqueue(file, row) {
    this.waiting += 1
    this.queue = this.queue.then(async () => {
      if (!row.cancelled) await sendVideo(file, row)
      this.waiting -= 1
      // A trigger set inside a call from Streamlit would stick, so set it afterwards.
      setTimeout(() => this.setTriggerValue("changed", Date.now()))
    })
  }
}

/** @param {ShadowRoot} root @param {string} selector @returns {HTMLElement} */
function find(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector))
}

/** @type {import("../_shared/component.js").Definition<Data>} */
const definition = {
  style: new URL("./uploader.css", import.meta.url),
  create: (call) => new Uploader(call),
}

export default component(definition)
