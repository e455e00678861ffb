/** A row in the list of uploads: file name, progress, and errors. */

import { h } from "../_shared/element.js"
import { sizeText, timeText } from "./amounts.js"

/** @typedef {import("./upload.js").Progress} Progress */

const REMOVE_AFTER_MS = 4000 // how long an uploaded file stays in the list

/** @implements {Progress} */
export class UploadRow {
  /** @param {HTMLElement} list @param {string} name */
  constructor(list, name) {
    this.cancelled = false
    /** Called when the user cancels. */
    this.onCancel = () => {}
    this.startedAt = 0
    this.startedFrom = 0
    this.status = h("span", { class: "said" }, "waiting")
    this.bar = h("i")
    this.button = h("button", { type: "button", title: "Cancel", onclick: () => this.#cancel() }, "✕")
    this.item = h("li", {}, h("span", { class: "name" }, name), this.status, this.button, h("span", { class: "bar" }, this.bar))
    list.append(this.item)
  }

  /** @param {number} offset */
  begin(offset) {
    this.startedAt = performance.now()
    this.startedFrom = offset
  }

  /** @param {number} sent @param {number} total */
  progress(sent, total) {
    const seconds = Math.max((performance.now() - this.startedAt) / 1000, 0.1)
    this.bar.style.width = `${((100 * sent) / total).toFixed(1)}%`
    this.status.textContent = progressText(sent, total, (sent - this.startedFrom) / seconds)
  }

  /** @param {string} words */
  say(words) {
    this.status.textContent = words
  }

  finish() {
    this.#end("done", "uploaded")
    this.button.remove()
    setTimeout(() => this.item.remove(), REMOVE_AFTER_MS)
  }

  /** @param {string} sentence */
  fail(sentence) {
    this.#end("failed", sentence)
    this.button.title = "Dismiss"
  }

  /** @param {string} state @param {string} words */
  #end(state, words) {
    this.item.className = state
    this.bar.style.width = "100%"
    this.status.textContent = words
  }

  #cancel() {
    this.cancelled = true
    this.onCancel()
    this.item.remove()
  }
}

/**
 * `"42 % · 3.1 MB/s · 12 s left"`.
 * @param {number} sent
 * @param {number} total
 * @param {number} rate bytes a second
 * @returns {string}
 */
export function progressText(sent, total, rate) {
  if (sent >= total) return "checking …"
  const left = rate > 0 ? `${timeText(Math.ceil((total - sent) / rate))} left` : ""
  return `${Math.floor((100 * sent) / total)} % · ${sizeText(rate)}/s · ${left}`
}
