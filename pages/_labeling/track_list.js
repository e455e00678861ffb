/** The list of tracks: first those on this frame, then those elsewhere in the video. */

import { h } from "../_shared/element.js"
import { eye, lock } from "./buttons.js"
import { ProposalBar } from "./proposal_bar.js"
import { trackRow } from "./track_row.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./frame_boxes.js").BoxRect} BoxRect */
/** @typedef {import("./panel.js").PanelState} PanelState */
/** @typedef {import("./operations.js").Label} Label */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/** @typedef {import("./track_row.js").ListedTrack} ListedTrack */

export class TrackList {
  /** @param {Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    this.filter = ""
    /**
     * @type {Map<TrackRef, { key: string, element: HTMLElement }>} by track; a row is rebuilt when its key changes
     */
    this.rows = new Map()
    this.title = h("span")
    /** @type {TrackRef | null} */
    this.selected = null
    this.filterKey = ""
    this.toolsKey = ""
    this.headingElement = h("p", { class: "elsewhere" })
    this.hintElement = h("p", { class: "hint" })
    this.filterField = h("select", {
      class: "filter",
      title: "Show the tracks of one label only",
      "aria-label": "Filter by label",
      onchange: () => this.#choose(this.filterField.value),
    })
    this.all = h("span", { class: "row-tools" })
    this.proposals = new ProposalBar(annotator)
    this.body = h("div", { class: "rows" })
    this.element = h("section", { class: "grow" },
      h("h3", {}, this.title, this.filterField, this.all),
      this.proposals.element,
      this.body,
    )
  }

  /** @param {string} label */
  #choose(label) {
    this.filter = label
    this.a.paint()
  }

  /** @param {PanelState} state */
  paint(state) {
    this.#paintFilter(state.labels)
    const shown = state.tracks.filter(({ label }) => !this.filter || label === this.filter)
    const here = new Map(state.boxes.map((box) => [box.track, box]))
    const [on, off] = [shown.filter(({ id }) => here.has(id)), shown.filter(({ id }) => !here.has(id))]
    this.title.textContent = `Tracks (${state.tracks.length})`
    this.#paintTools(shown.map(({ id }) => id))
    this.proposals.paint(state.tracks)
    arrange(this.body, [
      ...on.map((track) => this.#row(state, track, here.get(track.id) ?? null)),
      on.length ? null : this.#hint(state),
      off.length ? this.#heading(`Elsewhere in the video (${off.length})`) : null,
      ...off.map((track) => this.#row(state, track, null)),
    ])
    if (state.selected !== this.selected) this.#reveal(state.selected)
    const known = new Set(state.tracks.map(({ id }) => id))
    for (const id of this.rows.keys()) if (!known.has(id)) this.rows.delete(id)
  }

  /** Scroll the row of a newly selected track into view. @param {TrackRef | null} track */
  #reveal(track) {
    this.selected = track
    if (track !== null) this.rows.get(track)?.element.scrollIntoView({ block: "nearest" })
  }

  /** @param {Label[]} labels */
  #paintFilter(labels) {
    const key = JSON.stringify(labels)
    if (key === this.filterKey) return
    this.filterKey = key
    const names = labels.map(({ name }) => name)
    if (!names.includes(this.filter)) this.filter = ""
    /** @param {string} value @param {string} text */
    const option = (value, text) => h("option", { value, selected: value === this.filter }, text)
    this.filterField.replaceChildren(option("", "all labels"), ...names.map((name) => option(name, name)))
  }

  /** @param {TrackRef[]} ids */
  #paintTools(ids) {
    const { visibility } = this.a
    const key = JSON.stringify([ids, visibility.unselectable])
    if (key === this.toolsKey) return
    this.toolsKey = key
    this.all.replaceChildren(
      eye(ids.length > 0 && ids.every((id) => visibility.isHidden(id)), "all these tracks", () => this.a.toggleVisibility("hidden", ids)),
      lock(ids.length > 0 && ids.every((id) => visibility.isLocked(id)), "all these tracks", () => this.a.toggleVisibility("locked", ids)),
    )
  }

  /** @param {string} text */
  #heading(text) {
    this.headingElement.textContent = text
    return this.headingElement
  }

  /** @param {PanelState} state */
  #hint({ labels, tracks }) {
    const first = labels.length
      ? "Drag on the picture to draw a box around each object."
      : "Add a label first: the name of the objects to find."
    const next = tracks.length
      ? "No box on this frame. Drag on the picture to draw one."
      : `${first} Then go some frames further and correct the dashed box.`
    this.hintElement.textContent = next
    return this.hintElement
  }

  /** @param {PanelState} state @param {ListedTrack} track @param {BoxRect | null} box */
  #row(state, track, box) {
    const chosen = track.id === state.selected
    const { visibility, edit } = this.a
    const rowState = {
      track, box, chosen,
      color: state.colors[track.label],
      labels: state.labels.map(({ name }) => name),
      hidden: visibility.isHidden(track.id),
      locked: visibility.isLocked(track.id),
      confirming: edit.confirming === track.id,
      merging: edit.merging === track.id,
      end: chosen ? this.a.propagation.endOf(track.id) : null,
    }
    const key = JSON.stringify(rowState)
    const before = this.rows.get(track.id)
    if (before?.key === key) return before.element
    const element = trackRow(this.a, rowState)
    this.rows.set(track.id, { key, element })
    return element
  }
}

/**
 * Replace the children of an element, unless they are the same already.
 * @param {HTMLElement} parent
 * @param {(HTMLElement | null)[]} children
 */
function arrange(parent, children) {
  const present = children.filter((child) => child !== null)
  if (present.length === parent.children.length && present.every((child, index) => parent.children[index] === child)) return
  parent.replaceChildren(...present)
}
