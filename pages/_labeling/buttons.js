/** The buttons of the labelling screen. */

import { h } from "../_shared/element.js"
import { glyph } from "./icons.js"

/** @typedef {import("./icons.js").IconName} IconName */

/** @param {IconName} icon @param {string} title @param {() => void} run */
export function tool(icon, title, run) {
  return h("button", { class: "tool", title, "aria-label": title, onclick: run }, glyph(icon))
}

/**
 * @param {string} text
 * @param {string} key
 * @param {() => void} run
 * @param {string} title
 * @param {string} [extra] class
 */
export function action(text, key, run, title, extra = "") {
  return h("button", { class: `action ${extra}`, onclick: run, title: `${title} (${key})` }, text)
}

/**
 * @param {IconName} icon
 * @param {string} title
 * @param {() => void} run
 * @param {string} [extra] class
 */
export function rowTool(icon, title, run, extra = "") {
  return h("button", { class: `row-tool ${extra}`, title, "aria-label": title, onclick: run }, glyph(icon))
}

/** @param {boolean} hidden @param {string} what @param {() => void} run */
export function eye(hidden, what, run) {
  return rowTool(hidden ? "eyeOff" : "eye", `${hidden ? "Show" : "Hide"} ${what}`, run, hidden ? "on" : "quiet")
}

/** @param {boolean} locked @param {string} what @param {() => void} run */
export function lock(locked, what, run) {
  return rowTool(locked ? "locked" : "unlocked", `${locked ? "Unlock" : "Lock"} ${what}`, run, locked ? "on" : "quiet")
}
