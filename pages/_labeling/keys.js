/** All keys of the labelling screen: one table for the handler and the help. */

import { focusNextPart } from "./focus.js"
import { ZOOM_STEP } from "./view.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey">} Chord */
/** @typedef {(annotator: Annotator, event: KeyboardEvent) => unknown} Run */
/** @typedef {[group: string, keys: string, chords: string[], words: string, run: Run | null]} Key */

/**
 * `run` gets the annotator and the event. Groups appear in the help in this order.
 * @type {Key[]}
 */
export const KEYS = [
  ["Go", "→ or F", ["ArrowRight", "f"], "next frame", (a) => a.go.step(1)],
  ["Go", "← or D", ["ArrowLeft", "d"], "previous frame", (a) => a.go.step(-1)],
  ["Go", "Shift → or V", ["Shift+ArrowRight", "v"], "10 frames on", (a) => a.go.step(10)],
  ["Go", "Shift ← or C", ["Shift+ArrowLeft", "c"], "10 frames back", (a) => a.go.step(-10)],
  ["Go", "[ and ]", ["["], "previous and next key frame", (a) => a.go.keyframe(-1)],
  ["", "", ["]"], "", (a) => a.go.keyframe(1)],
  ["Go", "M", ["m"], "midpoint between its key frames", (a) => a.go.midpoint()],
  ["Go", "W", ["w"], "worst frame: where a correction helps most", (a) => a.go.worst()],
  ["Go", "U", ["u"], "next frame without labels", (a) => a.go.unlabelled()],
  ["Go", "Home, End", ["Home"], "first and last frame", (a) => a.go.show(0)],
  ["", "", ["End"], "", (a) => a.go.show(a.last)],
  ["Go", "Shift Home, End", ["Shift+Home"], "first and last frame of the track", (a) => a.go.trackEnd(a.edit.track?.id, -1)],
  ["", "", ["Shift+End"], "", (a) => a.go.trackEnd(a.edit.track?.id, 1)],
  ["Go", "Space", [" "], "play or pause", (a) => a.go.togglePlay()],
  ["See", "+ and −", ["+", "Shift++", "="], "zoom in and out; also Ctrl wheel", (a) => a.zoomBy(ZOOM_STEP)],
  ["", "", ["-"], "", (a) => a.zoomBy(1 / ZOOM_STEP)],
  ["See", "0", ["0"], "the whole picture", (a) => a.resetView()],
  ["See", "Z", ["z"], "zoom to the selected box", (a) => a.zoomToSelected()],
  ["See", "Alt drag", [], "move the picture; also middle button, wheel", null],
  ["See", "H", ["h"], "hide or show the track", (a) => a.toggleVisibility("hidden")],
  ["See", "L", ["l"], "lock or unlock the track", (a) => a.toggleVisibility("locked")],
  ["Draw", "1 – 9", digits(""), "label of the next box", (a, e) => a.edit.chooseLabelAt(digitOf(e))],
  ["Draw", "N, Shift drag", ["n"], "draw, even inside a box", (a) => a.edit.drawNext()],
  ["Draw", "P", ["p"], "copy the selected box from the previous frame, or all that are missing", (a) => a.edit.copyPrevious()],
  ["Draw", "Shift P", ["Shift+p"], "copy all missing boxes", (a) => a.edit.copyPrevious(true)],
  ["Box", "Tab, Shift Tab", ["Tab"], "select the next, the previous box", (a) => a.selection.next(1)],
  ["", "", ["Shift+Tab"], "", (a) => a.selection.next(-1)],
  ["Box", "Delete", ["Delete", "Backspace"], "delete it on this frame", (a) => a.edit.deleteHere()],
  ["Box", "K", ["k"], "make it a key frame as it is, or drop the key frame", (a) => a.edit.toggleKeyframe()],
  ["Box", "O", ["o"], "partly hidden, yes or no", (a) => a.edit.toggleOccluded()],
  ["Box", "Shift corner", [], "keep the proportions while resizing", null],
  ["Track", "Shift 1 – 9", digits("Shift+"), "relabel it", (a, e) => a.edit.relabelAt(digitOf(e))],
  ["Track", "E", ["e"], "end it: the object is gone from here on", (a) => a.edit.endTrack()],
  ["Track", "Shift E", ["Shift+e"], "end it where it probably ends", (a) => a.acceptEnd()],
  ["Track", "S", ["s"], "split it: another object from here on", (a) => a.edit.split()],
  ["Track", "J", ["j"], "join: then choose the same object's other track", (a) => a.edit.startMerging()],
  ["Track", "A", ["a"], "accept what a detector proposes", (a) => a.edit.decide(true)],
  ["Track", "X", ["x"], "reject what a detector proposes", (a) => a.edit.decide(false)],
  ["Track", "Shift Delete", ["Shift+Delete", "Shift+Backspace"], "delete it everywhere, twice to confirm", (a) => a.edit.askDeleteTrack()],
  ["Video", "R", ["r"], "fully labelled from here; again: to here", (a) => a.edit.toggleRange()],
  ["Video", "Ctrl Z", ["Ctrl+z"], "undo, also after a reload", (a) => a.edit.undo()],
  ["Video", "Ctrl Shift Z", ["Ctrl+Shift+z", "Ctrl+y"], "redo", (a) => a.edit.redo()],
  ["Video", "Esc", ["Escape"], "cancel, close", (a) => a.escape()],
  ["Video", "F6", ["F6"], "focus the buttons; Tab moves on, Esc returns", (a) => focusNextPart(a.root)],
  ["Video", "?", ["?", "Shift+?"], "this list", (a) => a.toggleHelp()],
]

/** Returned by an action that leaves its key to the browser. */
export const PASSED_ON = Symbol("passed on")

const FOCUS_KEYS = new Set(["Tab", " "])

/** @type {Map<string, Run | null>} */
const BY_CHORD = new Map()
for (const [, , chords, , run] of KEYS) for (const chord of chords) BY_CHORD.set(chord, run)

/** @param {Annotator} annotator @param {KeyboardEvent} event */
export function handleKey(annotator, event) {
  const target = event.composedPath()[0]
  if (target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]")) {
    return
  }
  // A focused button or link keeps Tab and Space.
  if (target instanceof Element && FOCUS_KEYS.has(event.key) && target.matches("a:focus-visible, button:focus-visible")) return
  if (event.altKey || document.querySelector('[role="dialog"]')) return
  const run = BY_CHORD.get(chordOf(event))
  if (!run) return
  if (run(annotator, event) === PASSED_ON) return
  event.preventDefault()
  event.stopImmediatePropagation() // Streamlit has its own keys.
}

/** @param {Chord} event @returns {string} */
export function chordOf(event) {
  const digit = /^Digit([0-9])$/.exec(event.code)
  const key = digit?.[1] ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key)
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : ""
  const shift = event.shiftKey && !(key === "]" || key === "[") ? "Shift+" : ""
  return control + shift + key
}

/** @param {string} prefix */
function digits(prefix) {
  return Array.from({ length: 9 }, (_, i) => `${prefix}${i + 1}`)
}

/** @param {KeyboardEvent} event */
function digitOf(event) {
  return Number(event.code.slice(-1)) - 1
}
