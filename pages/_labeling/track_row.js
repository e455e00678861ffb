/** A row of the track list, with the actions of a selected track. */

import { h } from "../_shared/element.js"
import { kindOf, UNLISTED_COLOR } from "./box_painting.js"
import { action, eye, lock, rowTool } from "./buttons.js"
import { trackName, trackNumber } from "./track_name.js"
import { percent } from "./words.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./frame_boxes.js").BoxRect} BoxRect */
/**
 * @typedef {object} ListedTrack
 * @property {import("./operations.js").TrackRef} id
 * @property {string} label
 * @property {number} first frame with a box
 * @property {number} last
 * @property {number} keys the number of key frames
 * @property {boolean} proposed
 * @property {number | null} score
 */
/**
 * @typedef {object} RowState
 * @property {ListedTrack} track
 * @property {BoxRect | null} box on this frame
 * @property {boolean} chosen
 * @property {string | undefined} color
 * @property {string[]} labels
 * @property {boolean} hidden
 * @property {boolean} locked
 * @property {boolean} confirming
 * @property {boolean} merging
 * @property {number | null} end where the track probably ends
 */

/** @param {Annotator} a @param {RowState} state @returns {HTMLElement} */
export function trackRow(a, state) {
  const { track, box, chosen, color, hidden, locked } = state
  const classes = ["box", box ? "here" : "", chosen ? "chosen" : "", hidden ? "out" : ""]
  const row = h("div", { class: classes.filter(Boolean).join(" "), "data-track": track.id },
    h("div", { class: "line" },
      h("button", { class: "row", onclick: () => a.selection.choose(track.id, box !== null), title: box ? "Select this track" : "Go to this track" },
        h("i", { class: `kind ${box ? kindOf(box) : track.proposed ? "proposed" : "away"}`, style: `--color:${color ?? UNLISTED_COLOR}` }),
        h("span", { class: "name" }, track.label, h("small", {}, ` ${trackNumber(track.id)}`)),
        h("span", { class: "tag" }, tagOf(state)),
      ),
      track.proposed ? judgement(a, track) : null,
      eye(hidden, "this track (H)", () => a.toggleVisibility("hidden", [track.id])),
      lock(locked, "this track (L)", () => a.toggleVisibility("locked", [track.id])),
    ),
  )
  if (chosen) row.append(state.confirming ? confirmation(a, track) : trackActions(a, state))
  return row
}

const HOW = { human: "key", uncertain: "unsure", lost: "lost", derived: "between", proposed: "" }

/** @param {RowState} state */
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

/** @param {Annotator} a @param {RowState} state */
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
    end === null ? null : h("button", { class: "action warn", title: "From there on, its boxes are uncertain (Shift E)", onclick: () => a.acceptEnd() }, `Ends at ${end}? End it there`),
    box ? boxActions(edit, box) : null,
    action("Copy previous", "P", () => edit.copyPrevious(), "Copy its box from the previous frame as a key frame"),
    action(merging ? "Choose the other…" : "Join…", "J", () => edit.startMerging(), "Then choose the other track of the same object", merging ? "on" : ""),
    action("Delete track…", "Shift Delete", () => edit.askDeleteTrack(), "Delete it everywhere", "danger"),
  )
}

/** @param {Annotator["edit"]} edit @param {BoxRect} box */
function boxActions(edit, box) {
  return [
    action("Delete here", "Delete", () => edit.deleteHere(), "Delete the box on this frame only"),
    action("End here", "E", () => edit.endTrack(), "The object has left the picture"),
    action(box.occluded ? "Not hidden" : "Partly hidden", "O", () => edit.toggleOccluded(), "Whether something covers the object"),
    box.human
      ? action("Drop key frame", "K", () => edit.toggleKeyframe(), "Derive the box on this frame again")
      : action("Confirm here", "K", () => edit.toggleKeyframe(), "The box is right on this frame: make it a key frame"),
    action("Split here", "S", () => edit.split(), "From here on, it is another object"),
  ]
}

/** @param {Annotator} a @param {ListedTrack} track */
function confirmation(a, track) {
  const { keys } = track
  return h("div", { class: "confirm" },
    `Delete ${trackName(track)} on every frame (${keys} key frame${keys === 1 ? "" : "s"})?`,
    h("div", {},
      h("button", { class: "action danger solid", onclick: () => a.edit.deleteTrack() }, "Delete track"),
      h("button", { class: "action", onclick: () => a.escape() }, "Keep"),
    ),
  )
}
