// One track in the list: what it is, where it is, and, when it is selected, all that can be done.

// about: {track: {id, label, first, last, keys, proposed, score}, box (on this frame, or
// null), chosen, color, labels, hidden, locked, confirming, merging, end}
function trackRow(a, about) {
  const { track, box, chosen, color, hidden, locked } = about
  const classes = ["box", box ? "here" : "", chosen ? "chosen" : "", hidden ? "out" : ""]
  const row = h("div", { class: classes.filter(Boolean).join(" "), "data-track": track.id },
    h("div", { class: "line" },
      h("button", { class: "row", onclick: () => a.choose(track.id, box), title: box ? "Select this track" : "Go to this track" },
        h("i", { class: `kind ${box ? kindOf(box) : track.proposed ? "proposed" : "away"}`, style: `--color:${color ?? UNLISTED_COLOR}` }),
        h("span", { class: "name" }, track.label, h("small", {}, ` ${track.id}`)),
        h("span", { class: "tag" }, tagOf(about)),
      ),
      track.proposed ? judgement(a, track) : null,
      eye(hidden, "this track (H)", () => a.toggleReach("hidden", [track.id])),
      lock(locked, "this track (L)", () => a.toggleReach("locked", [track.id])),
    ),
  )
  if (chosen) row.append(about.confirming ? confirmation(a, track) : trackActions(a, about))
  return row
}

function tagOf({ track, box }) {
  const span = track.first === track.last ? `${track.first}` : `${track.first}–${track.last}`
  const how = { human: "key", uncertain: "unsure", derived: "between", proposed: "" }[box ? kindOf(box) : "proposed"]
  const sure = track.proposed && track.score !== null ? percent(track.score) : ""
  return [sure, how, box?.occluded ? "hidden" : "", span].filter(Boolean).join(" · ")
}

function judgement(a, { id }) {
  return h("span", { class: "judge" },
    rowTool("check", "Accept this track (A)", () => a.edit.accept([id]), "yes"),
    rowTool("cross", "Reject this track (X)", () => a.edit.reject([id]), "no"),
  )
}

function trackActions(a, { track, box, labels, end, merging }) {
  const { edit, go } = a
  const relabel = h("select", { title: "Relabel the track (Shift 1–9)", "aria-label": "Label of the track", onchange: (e) => edit.relabel(e.target.value) },
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

function boxActions(edit, box) {
  return [
    action("Delete here", "Delete", () => edit.deleteHere(), "Delete the box on this frame only"),
    action("End here", "E", () => edit.endTrack(), "The object is gone from this frame on"),
    action(box.occluded ? "Not hidden" : "Partly hidden", "O", () => edit.toggleOccluded(), "Something covers it"),
    box.human ? action("Drop key frame", "K", () => edit.removeKeyframe(), "Let it be derived here again") : null,
    action("Split here", "S", () => edit.split(), "From here on it is another object"),
  ]
}

function confirmation(a, { id, label, keys }) {
  return h("div", { class: "confirm" },
    `Delete ${label} ${id} on every frame (${keys} key frame${keys === 1 ? "" : "s"})?`,
    h("div", {},
      h("button", { class: "action danger solid", onclick: () => a.edit.deleteTrack() }, "Delete track"),
      h("button", { class: "action", onclick: () => a.escape() }, "Keep"),
    ),
  )
}

function action(text, key, run, title, extra = "") {
  return h("button", { class: `action ${extra}`, onclick: run, title: `${title} (${key})` }, text)
}

function rowTool(icon, title, run, extra = "") {
  return h("button", { class: `row-tool ${extra}`, title, "aria-label": title, onclick: run }, glyph(icon))
}

function eye(hidden, what, run) {
  return rowTool(hidden ? "eyeOff" : "eye", `${hidden ? "Show" : "Hide"} ${what}`, run, hidden ? "on" : "quiet")
}

function lock(locked, what, run) {
  return rowTool(locked ? "locked" : "unlocked", `${locked ? "Unlock" : "Lock"} ${what}`, run, locked ? "on" : "quiet")
}

// What a detector proposes, judged together.
class ProposalBar {
  constructor(annotator) {
    this.a = annotator
    this.words = h("span", { class: "words" })
    this.least = h("input", { type: "number", min: 0, max: 100, step: 5, value: "50", "aria-label": "Least confidence in percent", oninput: () => this.paint(this.tracks) })
    this.accept = h("button", { class: "action yes", onclick: () => annotator.edit.accept(this.#ids(true)) })
    this.reject = h("button", { class: "action", onclick: () => annotator.edit.reject(this.#ids(false)) })
    this.element = h("div", { class: "proposals", hidden: true },
      this.words,
      h("label", {}, "from ", this.least, " %"),
      this.accept,
      this.reject,
    )
  }

  #ids(above) {
    const least = Number(this.least.value) / 100
    return this.tracks.filter(({ proposed, score }) => proposed && (score ?? 0) >= least === above).map(({ id }) => id)
  }

  paint(tracks) {
    this.tracks = tracks
    const count = tracks.filter(({ proposed }) => proposed).length
    this.element.hidden = count === 0
    this.words.textContent = `${count} proposed`
    for (const [button, above, verb] of [[this.accept, true, "Accept"], [this.reject, false, "Reject"]]) {
      const { length } = this.#ids(above)
      button.textContent = `${verb} ${length}`
      button.disabled = length === 0
      button.title = `${verb} every proposed track ${above ? "of this confidence or more" : "below this confidence"}`
    }
  }
}
