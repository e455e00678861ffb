/** The list of keys, from the table of the key handler. */

import { h } from "../_shared/element.js"
import { KEYS } from "./keys.js"

/** @returns {HTMLDialogElement} */
export function makeHelp() {
  const names = [...new Set(KEYS.map(([group]) => group))].filter(Boolean)
  /** @param {import("./keys.js").Key} key */
  const row = ([, keys, , words]) => h("p", {}, h("kbd", {}, keys), words)
  /** @param {string} name */
  const group = (name) =>
    h("section", {}, h("h3", {}, name), KEYS.filter(([of]) => of === name).map(row))
  /** @param {string} kind @param {string} words */
  const legend = (kind, words) => h("p", {}, h("i", { class: `kind ${kind}` }), words)
  const help = h("dialog", { class: "help", onclick: (event) => event.target === help && help.close() },
    h("h2", {}, "Keys"),
    h("div", { class: "help-groups" },
      names.map(group),
      h("section", {}, h("h3", {}, "Boxes"),
        legend("human", "drawn by hand on this frame: a key frame"),
        legend("derived", "derived from the key frames around it"),
        legend("uncertain", "derived, and probably wrong: check it"),
        legend("lost", "beyond where its object was seen last: not used until you correct or confirm it"),
        legend("proposed", "proposed by a detector, not accepted yet"),
      ),
    ),
    h("p", { class: "hint" }, "A derived box that you move or resize becomes a key frame of its track. Each action also has a button: hover over it to see its key."),
    h("form", { method: "dialog" }, h("button", { class: "action" }, "Close")),
  )
  return help
}
