/** The list of rejected edits with their reasons, until the user retries or discards them. */

import { h } from "../_shared/element.js"
import { grouped } from "./queue_records.js"

/** @typedef {import("./operations.js").Operation} Operation */
/** @typedef {import("./queue_records.js").Entry} Entry */
/**
 * @typedef {object} RejectedListener
 * @property {(entries: Entry[]) => void} retry
 * @property {(entries: Entry[]) => void} discard
 * @property {(frame: number) => void} go
 */

/** @type {Record<Operation["op"], string>} */
const NAMES = {
  put_box: "Box",
  remove_keyframe: "Key frame removed",
  hide_box: "Box deleted",
  end_track: "Track ended",
  set_occluded: "Partly hidden",
  split_track: "Track split",
  delete_track: "Track deleted",
  relabel_track: "Track relabelled",
  merge_tracks: "Tracks joined",
  accept_tracks: "Proposals accepted",
  mark_range: "Frames marked as fully labelled",
  clear_range: "Frames no longer marked as fully labelled",
  add_label: "Label added",
}

export class RejectedList {
  #shown = ""

  /** @param {RejectedListener} on */
  constructor(on) {
    this.on = on
    this.element = h("section", { class: "rejected", "aria-label": "Edits that were not saved", hidden: true })
  }

  /** @param {Entry[]} entries in order */
  paint(entries) {
    const batches = entries.map(({ batch }) => batch).join(" ")
    if (batches === this.#shown) return
    this.#shown = batches
    this.element.hidden = !entries.length
    this.element.replaceChildren(...grouped(entries).map((group) => this.#item(group)))
  }

  /** @param {Entry[]} group the first one has the reason */
  #item(group) {
    const [first] = group
    if (!first) return ""
    const more = group.length > 1 ? ` The same applies to ${group.length - 1} of your later edits of this track.` : ""
    return h("div", { class: "item", "data-state": first.state },
      h("p", {}, h("strong", {}, `Not saved: ${editName(first)}. `), reasonOf(first), more),
      h("div", { class: "answers" },
        first.state === "conflict" ? h("button", { class: "action", onclick: () => this.on.retry(group) }, "Save anyway") : null,
        h("button", { class: "action", onclick: () => this.on.discard(group) }, "Discard"),
        h("button", { class: "action", onclick: () => this.on.go(first.frame) }, `Go to frame ${first.frame}`),
      ),
    )
  }
}

/** @param {Entry} entry */
function reasonOf({ state, reason }) {
  if (state === "refused") return reason
  return `${reason.replace(/ Reload to continue\.$/, "")} The newest state is shown.`
}

/** "Box on frame 12". @param {Entry} entry @returns {string} */
export function editName({ kind, ops: [first], frame }) {
  if (kind !== "edit") return kind === "undo" ? "Undo" : "Redo"
  return first ? `${NAMES[first.op]} on frame ${frame}` : `Edit on frame ${frame}`
}
