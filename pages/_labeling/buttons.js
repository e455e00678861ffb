// The buttons of the labelling screen.

import { h } from "../_shared/element.js"
import { glyph } from "./icons.js"

export function tool(icon, title, run) {
  return h("button", { class: "tool", title, "aria-label": title, onclick: run }, glyph(icon))
}

export function action(text, key, run, title, extra = "") {
  return h("button", { class: `action ${extra}`, onclick: run, title: `${title} (${key})` }, text)
}

export function rowTool(icon, title, run, extra = "") {
  return h("button", { class: `row-tool ${extra}`, title, "aria-label": title, onclick: run }, glyph(icon))
}

export function eye(hidden, what, run) {
  return rowTool(hidden ? "eyeOff" : "eye", `${hidden ? "Show" : "Hide"} ${what}`, run, hidden ? "on" : "quiet")
}

export function lock(locked, what, run) {
  return rowTool(locked ? "locked" : "unlocked", `${locked ? "Unlock" : "Lock"} ${what}`, run, locked ? "on" : "quiet")
}
