/** The list of keys, from the table that drives them. */

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
  const look = (kind, words) => h("p", {}, h("i", { class: `kind ${kind}` }), words)
  const help = h("dialog", { class: "help", onclick: (event) => event.target === help && help.close() },
    h("h2", {}, "Keys"),
    h("div", { class: "help-groups" },
      names.map(group),
      h("section", {}, h("h3", {}, "Boxes"),
        look("human", "set by hand on this very frame: a key frame"),
        look("derived", "derived from the key frames around it"),
        look("uncertain", "derived, and probably wrong: look here"),
        look("proposed", "proposed by a detector, not accepted yet"),
      ),
    ),
    h("p", { class: "hint" }, "Move or resize a derived box and it becomes a key frame of the same track. Each act has its button too: rest the pointer on one to see its key."),
    h("form", { method: "dialog" }, h("button", { class: "action" }, "Close")),
  )
  return help
}
