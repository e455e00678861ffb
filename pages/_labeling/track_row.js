/** One track in the list: what it is, where it is, and, when it is selected, all that can be done. */

import { h } from "../_shared/element.js"
import { kindOf, UNLISTED_COLOR } from "./box_painting.js"
import { action, eye, lock, rowTool } from "./buttons.js"
import { percent } from "./words.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./frame_boxes.js").CanvasBox} CanvasBox */
/**
 * @typedef {object} ListedTrack
 * @property {number} id
 * @property {string} label
 * @property {number} first frame with a box
 * @property {number} last
 * @property {number} keys how many key frames it has
 * @property {boolean} proposed
 * @property {number | null} score
 */
/**
 * @typedef {object} About
 * @property {ListedTrack} track
 * @property {CanvasBox | null} box on this frame
 * @property {boolean} chosen
 * @property {string | undefined} color
 * @property {string[]} labels
 * @property {boolean} hidden
 * @property {boolean} locked
 * @property {boolean} confirming
 * @property {boolean} merging
 * @property {number | null} end where the track probably ends
 */

/** @param {Annotator} a @param {About} about @returns {HTMLElement} */
export function trackRow(a, about) {
  const { track, box, chosen, color, hidden, locked } = about
  const classes = ["box", box ? "here" : "", chosen ? "chosen" : "", hidden ? "out" : ""]
  const row = h("div", { class: classes.filter(Boolean).join(" "), "data-track": track.id },
    h("div", { class: "line" },
      h("button", { class: "row", onclick: () => a.selection.choose(track.id, box), title: box ? "Select this track" : "Go to this track" },
        h("i", { class: `kind ${box ? kindOf(box) : track.proposed ? "proposed" : "away"}`, style: `--color:${color ?? UNLISTED_COLOR}` }),
        h("span", { class: "name" }, track.label, h("small", {}, ` ${track.id}`)),
        h("span", { class: "tag" }, tagOf(about)),
      ),
      track.proposed ? judgement(a, track) : null,
      eye(hidden, "this track (H)", () => a.toggleVisibility("hidden", [track.id])),
      lock(locked, "this track (L)", () => a.toggleVisibility("locked", [track.id])),
    ),
  )
  if (chosen) row.append(about.confirming ? confirmation(a, track) : trackActions(a, about))
  return row
}

const HOW = { human: "key", uncertain: "unsure", derived: "between", proposed: "" }

/** @param {About} about */
function tagOf({ track, box }) {
  const span = track.first === track.last ? `${track.first}` : `${track.first}–${track.last}`
  const how = HOW[box ? kindOf(box) : "proposed"]
  const sure = track.proposed && track.score !== null ? percent(track.score) : ""
  return [sure, how, box?.occluded ? "hidden" : "", span].filter(Boolean).join(" · ")
}

/** @param {Annotator} a @param {ListedTrack} track */
function judgement(a, { id }) {
  return h("span", { class: "judge" },
    rowTool("check", "Accept this track (A)", () => a.edit.accept([id]), "yes"),
    rowTool("cross", "Reject this track (X)", () => a.edit.reject([id]), "no"),
  )
}

/** @param {Annotator} a @param {About} about */
function trackActions(a, { track, box, labels, end, merging }) {
  const { edit, go } = a
  const relabel = h("select", { title: "Relabel the track (Shift 1–9)", "aria-label": "Label of the track", onchange: () => edit.relabel(relabel.value) },
    labels.map((name) => h("option", { selected: name === track.label }, name)),
  )
  return h("div", { class: "actions" },
    relabel,
    h("span", { class: "walk" },
      rowTool("first", "First frame of the track (Shift Home)", () => go.trackEnd(track.id, -1)),
      rowTool("keyBack", "Previous key frame ([)", () => go.keyframe(-1)),
      rowTool("midpoint", "Midpoint between its key frames (M)", () => go.midpoint()),
      rowTool("worst", "Its worst frame (W)", () => go.worst()),
      rowTool("keyOn", "Next key frame (])", () => go.keyframe(1)),
      rowTool("last", "Last frame of the track (Shift End)", () => go.trackEnd(track.id, 1)),
    ),
    end === null ? null : h("button", { class: "action warn", title: "Its boxes become a guess there (Shift E)", onclick: () => a.acceptEnd() }, `Ends at ${end}? End it there`),
    box ? boxActions(edit, box) : null,
    action("Copy previous", "P", () => edit.copyPrevious(), "The box of the frame before becomes a key frame here"),
    action(merging ? "Choose the other…" : "Join…", "J", () => edit.startMerging(), "Then choose the other track of the same object", merging ? "on" : ""),
    action("Delete track…", "Shift Delete", () => edit.askDeleteTrack(), "Delete it everywhere", "danger"),
  )
}

/** @param {Annotator["edit"]} edit @param {CanvasBox} box */
function boxActions(edit, box) {
  return [
    action("Delete here", "Delete", () => edit.deleteHere(), "Delete the box on this frame only"),
    action("End here", "E", () => edit.endTrack(), "The object is gone from this frame on"),
    action(box.occluded ? "Not hidden" : "Partly hidden", "O", () => edit.toggleOccluded(), "Something covers it"),
    box.human ? action("Drop key frame", "K", () => edit.removeKeyframe(), "Let it be derived here again") : null,
    action("Split here", "S", () => edit.split(), "From here on it is another object"),
  ]
}

/** @param {Annotator} a @param {ListedTrack} track */
function confirmation(a, { id, label, keys }) {
  return h("div", { class: "confirm" },
    `Delete ${label} ${id} on every frame (${keys} key frame${keys === 1 ? "" : "s"})?`,
    h("div", {},
      h("button", { class: "action danger solid", onclick: () => a.edit.deleteTrack() }, "Delete track"),
      h("button", { class: "action", onclick: () => a.escape() }, "Keep"),
    ),
  )
}
