/** The panel on the right: labels, tracks, and fully labelled ranges. */

import { h } from "../_shared/element.js"
import { LabelForm } from "./label_form.js"
import { RangeForm } from "./range_form.js"
import { TrackList } from "./track_list.js"

/** @typedef {import("./operations.js").Range} Range */
/**
 * @typedef {object} PanelState
 * @property {import("./operations.js").Label[]} labels
 * @property {string | undefined} label of the next box
 * @property {Record<string, string>} colors by label
 * @property {import("./frame_boxes.js").BoxRect[]} boxes of this frame
 * @property {import("./operations.js").TrackRef | null} selected track
 * @property {import("./track_row.js").ListedTrack[]} tracks
 * @property {Range[]} ranges
 * @property {number} frame
 * @property {number} frameCount
 * @property {number | null} rangeFrom the first frame of a range being marked
 */

export class Panel {
  /** @param {HTMLElement} element @param {import("./annotator.js").Annotator} annotator */
  constructor(element, annotator) {
    this.annotator = annotator
    this.labels = h("div", { class: "rows" })
    this.labelForm = new LabelForm((name, color) => annotator.edit.addLabel(name, color))
    this.tracks = new TrackList(annotator)
    this.ranges = h("div", { class: "ranges" })
    this.rangeForm = new RangeForm(annotator)
    this.progress = h("span", { class: "progress-words" })
    this.bar = h("i")
    this.isHeld = false
    this.#holdWhilePressed(element)
    /** @type {Map<string, string>} a key of what each part shows */
    this.painted = new Map()
    element.append(
      h("section", { class: "labels" }, h("h3", {}, "Labels"), this.labels, this.labelForm.element),
      this.tracks.element,
      h("section", { class: "finished" },
        h("h3", {}, "Fully labelled", this.progress),
        h("div", { class: "progress" }, this.bar),
        this.ranges,
        this.rangeForm.element,
      ),
    )
  }

  /**
   * Do not repaint while a button is pressed: if it were replaced, for instance because boxes have
   * changed, the click would be lost.
   * @param {HTMLElement} element
   */
  #holdWhilePressed(element) {
    element.addEventListener("pointerdown", () => {
      this.isHeld = true
      const release = new AbortController()
      const onRelease = () => {
        release.abort()
        // The click event follows this event.
        setTimeout(() => {
          this.isHeld = false
          this.annotator.paint()
        })
      }
      for (const type of ["pointerup", "pointercancel"]) {
        window.addEventListener(type, onRelease, { capture: true, signal: release.signal })
      }
    })
  }

  /** Rebuild only the parts whose data has changed. @param {PanelState} state */
  paint(state) {
    if (this.isHeld) return
    this.#once("labels", [state.labels, state.label], () => this.#paintLabels(state))
    this.tracks.paint(state)
    this.#once("ranges", [state.ranges, state.frameCount], () => this.#paintRanges(state))
    this.rangeForm.paint(state.rangeFrom ?? state.frame, state.frame)
  }

  /** @param {string} part @param {unknown} facts @param {() => void} paint */
  #once(part, facts, paint) {
    const key = JSON.stringify(facts)
    if (this.painted.get(part) === key) return
    this.painted.set(part, key)
    paint()
  }

  /** @param {PanelState} state */
  #paintLabels({ labels, label }) {
    this.labels.replaceChildren(
      ...labels.map(({ name, color }, index) =>
        h("button",
          {
            class: `row label${name === label ? " chosen" : ""}`,
            title: `New boxes are "${name}"`,
            "aria-pressed": String(name === label),
            onclick: () => this.annotator.edit.chooseLabelAt(index),
          },
          h("i", { class: "swatch", style: `background:${color}` }),
          h("span", { class: "name" }, name),
          index < 9 ? h("kbd", {}, String(index + 1)) : null,
        ),
      ),
    )
    this.labelForm.offerColor(labels.length)
  }

  /** @param {PanelState} state */
  #paintRanges({ ranges, frameCount }) {
    const done = ranges.reduce((sum, [start, stop]) => sum + stop - start, 0)
    const share = (100 * done) / Math.max(1, frameCount)
    this.progress.textContent = `${done} of ${frameCount} frames · ${share.toFixed(share < 10 && share > 0 ? 1 : 0)}%`
    this.bar.style.width = `${share}%`
    this.ranges.replaceChildren(
      ...ranges.map((range) => this.#range(range)),
      ranges.length ? "" : h("p", { class: "hint" }, "Frames on which every object has a box. Only these are training examples of background."),
    )
  }

  /** @param {Range} range */
  #range(range) {
    const [start, stop] = range
    const { go, edit } = this.annotator
    const words = stop - start === 1 ? `${start}` : `${start} – ${stop - 1}`
    return h("span", { class: "range" },
      h("button", { title: "Go there", onclick: () => go.show(start) }, words),
      h("button", { title: "Remove this range", onclick: () => edit.clearRange(range) }, "×"),
    )
  }
}
