/** The bar above the picture and the bar below it. */

import { h } from "../_shared/element.js"
import { tool } from "./buttons.js"
import { activeElement } from "./focus.js"
import { glyph } from "./icons.js"
import { SHARING_WORDS } from "./presence.js"
import { savingWords } from "./saving_words.js"
import { choosePlainMode } from "./screen_mode.js"
import { ZOOM_STEP } from "./view.js"
import { clock, effortWords, listed } from "./words.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./annotator.js").VideoFacts} VideoFacts */
/**
 * @typedef {object} BarsState
 * @property {number} frame
 * @property {number} last
 * @property {import("./frame_times.js").FrameTimes} times
 * @property {boolean} playing
 * @property {import("./annotations.js").Saving} saving
 * @property {number} waiting the number of unsaved edits
 * @property {number} zoom
 * @property {import("./presence.js").Presence} presence
 */

const GUESSED_WORDS = "The file does not say its frame rate, so the times are guesses too"

export class Bars {
  /** @param {Annotator} annotator @param {VideoFacts} video */
  constructor(annotator, video) {
    this.frame = 0
    this.playing = false
    this.saved = h("span", { class: "saved", role: "status" })
    this.facts = h("span", { class: "facts" })
    this.correct = h("a", { class: "facts", target: "_self", title: GUESSED_WORDS, hidden: true }, "Correct the rate")
    this.effort = h("span", { class: "effort", title: "Time spent on this video, boxes drawn by hand, and boxes in the video per box drawn by hand", hidden: true })
    this.people = h("span", { class: "people", role: "status", hidden: true })
    this.clock = h("span", { class: "clock" })
    this.ending = h("span")
    this.zoom = h("button", { class: "zoom", title: "The whole picture (0)", "aria-label": "The whole picture", onclick: () => annotator.resetView() })
    this.field = h("input", {
      class: "frame-field",
      inputmode: "numeric",
      "aria-label": "Frame",
      title: "Frame: type a number and press Enter",
      onkeydown: (event) => this.#onField(event, annotator),
      onblur: () => this.#showFrame(),
    })
    this.play = tool("play", "Play or pause (Space)", () => annotator.go.togglePlay())
    this.size = `${video.width}×${video.height}`
    this.top = this.#makeTop(annotator, video)
    this.bottom = this.#makeBottom(annotator, annotator.go)
  }

  /** @param {Annotator} a @param {VideoFacts} video */
  #makeTop(a, { id, name, back }) {
    this.correct.href = `${back}?frame_rate=${id}`
    return h("header", {},
      h("a", { class: "back", href: back, target: "_self", title: "Back to the videos" }, glyph("back")),
      h("strong", { title: name }, name),
      this.facts,
      this.correct,
      h("span", { class: "space" }),
      this.people,
      this.effort,
      this.saved,
      tool("undo", "Undo (Ctrl Z)", () => a.edit.undo()),
      tool("redo", "Redo (Ctrl Shift Z)", () => a.edit.redo()),
      h("button", { class: "mode", title: "One frame at a time with ordinary buttons, for touch and narrow windows", onclick: choosePlainMode }, "Plain mode"),
      tool("help", "Keys (?)", () => a.toggleHelp()),
    )
  }

  /** @param {Annotator} a @param {Annotator["go"]} go */
  #makeBottom(a, go) {
    return h("nav", {},
      tool("first", "First frame (Home)", () => go.show(0)),
      tool("back10", "10 frames back (Shift ←)", () => go.step(-10)),
      tool("previous", "Previous frame (←)", () => go.step(-1)),
      this.play,
      tool("next", "Next frame (→)", () => go.step(1)),
      tool("on10", "10 frames on (Shift →)", () => go.step(10)),
      tool("last", "Last frame (End)", () => go.show(a.last)),
      h("span", { class: "gap" }),
      tool("keyBack", "Previous key frame ([)", () => go.keyframe(-1)),
      tool("midpoint", "Midpoint between key frames (M)", () => go.midpoint()),
      tool("keyOn", "Next key frame (])", () => go.keyframe(1)),
      tool("worst", "Worst frame (W)", () => go.worst()),
      tool("unlabelled", "Next frame without labels (U)", () => go.unlabelled()),
      h("span", { class: "gap" }),
      tool("copy", "Copy from the previous frame (P)", () => a.edit.copyPrevious()),
      h("span", { class: "gap" }),
      tool("zoomOut", "Zoom out (−)", () => a.zoomBy(1 / ZOOM_STEP)),
      this.zoom,
      tool("zoomIn", "Zoom in (+)", () => a.zoomBy(ZOOM_STEP)),
      h("span", { class: "space" }),
      h("label", { class: "position" }, "Frame ", this.field, this.ending),
      this.clock,
    )
  }

  /** @param {KeyboardEvent} event @param {Annotator} annotator */
  #onField(event, annotator) {
    event.stopPropagation()
    if (event.key !== "Enter" && event.key !== "Escape") return
    const typed = this.field.value
    this.field.blur()
    if (event.key === "Enter") annotator.go.showTyped(typed)
  }

  #showFrame() {
    this.field.value = String(this.frame)
  }

  /** @param {BarsState} state */
  paint({ frame, last, times, playing, saving, waiting, zoom, presence }) {
    this.frame = frame
    write(this.ending, ` of ${last}`)
    write(this.facts, [this.size, last ? `${last + 1} frames` : "1 frame", times.rateWords].filter(Boolean).join(" · "))
    this.correct.hidden = !(last && times.isGuessed)
    if (activeElement(this.field) !== this.field) this.#showFrame()
    const seconds = times.at(frame)
    write(this.clock, seconds === null ? "" : clock(seconds))
    if (playing !== this.playing) this.play.replaceChildren(glyph(playing ? "pause" : "play"))
    this.playing = playing
    this.saved.dataset.state = saving
    write(this.saved, savingWords(saving, waiting))
    write(this.zoom, `${Math.round(zoom * 100)}%`)
    this.#paintPresence(presence)
  }

  /** @param {import("./presence.js").Presence} presence */
  #paintPresence({ others, effort }) {
    this.people.hidden = others.length === 0
    write(this.people, `${listed(others)} ${others.length === 1 ? "is" : "are"} here too`)
    this.people.title = `You are working on the same video. ${SHARING_WORDS}`
    this.effort.hidden = !effort
    if (effort) write(this.effort, effortWords(effort))
  }
}

/** @param {HTMLElement} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
