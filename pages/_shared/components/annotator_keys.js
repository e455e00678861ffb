// Every key of the labelling screen: the same table drives the handler and the help.

// `run` gets the annotator and the event. Groups appear in the help in this order.
const KEYS = [
  ["Go", "→", ["ArrowRight", "f"], "next frame", (a, e) => a.step(1, e.repeat)],
  ["Go", "←", ["ArrowLeft", "d"], "previous frame", (a, e) => a.step(-1, e.repeat)],
  ["Go", "Shift →", ["Shift+ArrowRight", "v"], "10 frames on", (a, e) => a.step(10, e.repeat)],
  ["Go", "Shift ←", ["Shift+ArrowLeft", "c"], "10 frames back", (a, e) => a.step(-10, e.repeat)],
  ["Go", "]", ["]"], "next key frame of the selected box", (a) => a.jumpToKeyframe(1)],
  ["Go", "[", ["["], "previous key frame", (a) => a.jumpToKeyframe(-1)],
  ["Go", "Home", ["Home"], "first frame", (a) => a.show(0)],
  ["Go", "End", ["End"], "last frame", (a) => a.show(a.last)],
  ["Go", "Space", [" "], "play or pause", (a) => a.togglePlay()],
  ["Draw", "1 – 9", digits(""), "label of the next box", (a, e) => a.chooseLabelAt(digitOf(e))],
  ["Draw", "N", ["n"], "next drag draws, even inside a box", (a) => a.drawNext()],
  ["Draw", "Shift drag", [], "the same, while Shift is down", null],
  ["Box", "Tab", ["Tab"], "select the next box", (a) => a.selectNext(1)],
  ["Box", "Shift Tab", ["Shift+Tab"], "select the previous box", (a) => a.selectNext(-1)],
  ["Box", "Shift 1 – 9", digits("Shift+"), "relabel its track", (a, e) => a.relabelAt(digitOf(e))],
  ["Box", "Delete", ["Delete", "Backspace"], "delete it on this frame", (a) => a.deleteHere()],
  ["Box", "E", ["e"], "it is gone from here on: end the track", (a) => a.endTrack()],
  ["Box", "K", ["k"], "take back the key frame here", (a) => a.removeKeyframe()],
  ["Box", "O", ["o"], "partly hidden, yes or no", (a) => a.toggleOccluded()],
  ["Box", "Shift Delete", ["Shift+Delete", "Shift+Backspace"], "delete the whole track", (a) => a.askDeleteTrack()],
  ["Box", "Shift corner", [], "keep the proportions while resizing", null],
  ["Edits", "Ctrl Z", ["Ctrl+z"], "undo", (a) => a.undo()],
  ["Edits", "Ctrl Shift Z", ["Ctrl+Shift+z", "Ctrl+y"], "redo", (a) => a.redo()],
  ["Edits", "Esc", ["Escape"], "let go, close", (a) => a.escape()],
  ["Edits", "?", ["?", "Shift+?"], "this list", (a) => a.toggleHelp()],
]

const WALKING = new Set(["Tab", " "])
const BY_CHORD = new Map(KEYS.flatMap(([, , chords, , run]) => chords.map((chord) => [chord, run])))

function handleKey(annotator, event) {
  const target = event.composedPath()[0]
  if (target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]")) {
    return
  }
  // Who walks through the buttons by keyboard keeps Tab and Space for that.
  if (target instanceof Element && WALKING.has(event.key) && target.matches("button:focus-visible")) return
  if (event.altKey || document.querySelector('[role="dialog"]')) return
  const run = BY_CHORD.get(chordOf(event))
  if (!run) return
  event.preventDefault()
  event.stopImmediatePropagation() // Streamlit has keys of its own.
  run(annotator, event)
}

function chordOf(event) {
  const digit = /^Digit([1-9])$/.exec(event.code)
  const key = digit ? digit[1] : event.key.length === 1 ? event.key.toLowerCase() : event.key
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : ""
  const shift = event.shiftKey && !(key === "]" || key === "[") ? "Shift+" : ""
  return control + shift + key
}

function digits(prefix) {
  return Array.from({ length: 9 }, (_, i) => `${prefix}${i + 1}`)
}

function digitOf(event) {
  return Number(event.code.slice(-1)) - 1
}
