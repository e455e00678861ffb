// The column on the right: labels, the boxes of this frame, other tracks, finished ranges.

const NEW_COLORS = ["#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324"]

class Panel {
  constructor(element, annotator) {
    this.annotator = annotator
    this.labels = h("div", { class: "rows" })
    this.boxes = h("div", { class: "rows" })
    this.boxesTitle = h("span", {}, "On this frame")
    this.others = h("div", { class: "rows" })
    this.othersSection = h("details", { class: "others" }, h("summary", {}, ""), this.others)
    this.ranges = h("div", { class: "ranges" })
    element.append(
      h("section", {}, h("h3", {}, "Labels"), this.labels, this.#labelForm()),
      h("section", { class: "grow" }, h("h3", {}, this.boxesTitle), this.boxes, this.othersSection),
      h("section", {}, h("h3", {}, "Fully labelled"), this.ranges, this.#rangeForm()),
    )
  }

  // state: see Annotator.panelState. Rebuilt only when what it shows has changed.
  paint(state) {
    const key = JSON.stringify(state)
    if (key === this.key) return
    this.key = key
    this.#paintLabels(state)
    this.#paintBoxes(state)
    this.#paintOthers(state)
    this.#paintRanges(state)
  }

  #paintLabels({ labels, label }) {
    this.labels.replaceChildren(
      ...labels.map(({ name, color }, index) =>
        h(
          "button",
          {
            class: `row label${name === label ? " chosen" : ""}`,
            title: `New boxes are "${name}"`,
            "aria-pressed": String(name === label),
            onclick: () => this.annotator.chooseLabelAt(index),
          },
          h("i", { class: "swatch", style: `background:${color}` }),
          h("span", { class: "name" }, name),
          index < 9 ? h("kbd", {}, String(index + 1)) : null,
        ),
      ),
    )
    if (this.color) this.color.value = NEW_COLORS[labels.length % NEW_COLORS.length]
  }

  #paintBoxes(state) {
    this.boxesTitle.textContent = `On this frame (${state.boxes.length})`
    this.boxes.replaceChildren(
      ...state.boxes.map((box) => this.#boxRow(state, box)),
      state.boxes.length ? "" : this.#hint(state),
    )
  }

  #hint({ labels, tracks }) {
    const first = labels.length
      ? "Drag on the picture to draw a box around each object."
      : "Add a label first: the name of what you want to find."
    const next = tracks.length
      ? "Nothing here yet. Drag on the picture to draw a box."
      : `${first} Then go on some frames and move the dashed box onto the object: that is all it takes.`
    return h("p", { class: "hint" }, next)
  }

  #boxRow(state, box) {
    const chosen = box.track === state.selected
    const a = this.annotator
    const row = h(
      "div",
      { class: `box${chosen ? " chosen" : ""}`, "data-track": box.track },
      h(
        "button",
        { class: "row", onclick: () => a.select(box.track), title: "Select this box" },
        h("i", {
          class: `kind ${box.human ? "human" : "derived"}`,
          style: `border-color:${state.colors[box.label]}`,
        }),
        h("span", { class: "name" }, box.label, h("small", {}, ` ${box.track}`)),
        h("span", { class: "tag" }, box.occluded ? "hidden, " : "", box.human ? "key frame" : "between"),
      ),
    )
    if (chosen) row.append(this.#boxActions(state, box))
    return row
  }

  #boxActions(state, box) {
    const a = this.annotator
    if (state.confirming === box.track) return this.#confirmation(state, box)
    const action = (text, key, run, title, extra = "") =>
      h("button", { class: `action ${extra}`, onclick: run, title: `${title} (${key})` }, text)
    return h(
      "div",
      { class: "actions" },
      h(
        "select",
        { title: "Relabel the track (Shift 1–9)", onchange: (e) => a.relabel(e.target.value) },
        state.labels.map(({ name }) => h("option", { selected: name === box.label }, name)),
      ),
      action("‹ key", "[", () => a.jumpToKeyframe(-1), "Previous key frame"),
      action("key ›", "]", () => a.jumpToKeyframe(1), "Next key frame"),
      action("Delete here", "Delete", () => a.deleteHere(), "Delete the box on this frame only"),
      action("End track", "E", () => a.endTrack(), "The object is gone from this frame on"),
      action(box.occluded ? "Not hidden" : "Partly hidden", "O", () => a.toggleOccluded(), "Something covers it"),
      box.human ? action("Drop key frame", "K", () => a.removeKeyframe(), "Let it be derived here again") : null,
      action("Delete track…", "Shift Delete", () => a.askDeleteTrack(), "Delete it everywhere", "danger"),
    )
  }

  #confirmation(state, box) {
    const a = this.annotator
    const keys = state.keyframes
    return h(
      "div",
      { class: "confirm" },
      `Delete ${box.label} ${box.track} on every frame (${keys} key frame${keys === 1 ? "" : "s"})?`,
      h("div", {},
        h("button", { class: "action danger solid", onclick: () => a.deleteTrack() }, "Delete track"),
        h("button", { class: "action", onclick: () => a.escape() }, "Keep"),
      ),
    )
  }

  #paintOthers(state) {
    const here = new Set(state.boxes.map((box) => box.track))
    const others = state.tracks.filter((track) => !here.has(track.id))
    this.othersSection.hidden = others.length === 0
    this.othersSection.firstChild.textContent = `Elsewhere in the video (${others.length})`
    this.others.replaceChildren(
      ...others.map(({ id, label, first }) =>
        h(
          "button",
          { class: "row", onclick: () => this.annotator.visitTrack(id), title: `Go to frame ${first}` },
          h("i", { class: "swatch", style: `background:${state.colors[label]}` }),
          h("span", { class: "name" }, label, h("small", {}, ` ${id}`)),
          h("span", { class: "tag" }, `frame ${first}`),
        ),
      ),
    )
  }

  #paintRanges({ ranges }) {
    const text = ([start, stop]) => (stop - start === 1 ? `${start}` : `${start} – ${stop - 1}`)
    this.ranges.replaceChildren(
      ...ranges.map((range) =>
        h(
          "span",
          { class: "range" },
          text(range),
          h("button", { title: "Not fully labelled after all", onclick: () => this.annotator.clearRange(range) }, "×"),
        ),
      ),
      ranges.length ? "" : h("p", { class: "hint" }, "Frames on which every object has its box. Only these teach “nothing is here”."),
    )
  }

  #labelForm() {
    const name = h("input", { placeholder: "Add a label", maxlength: 100, "aria-label": "New label" })
    this.color = h("input", { type: "color", value: NEW_COLORS[0], title: "Its colour", "aria-label": "Colour" })
    const submit = (event) => {
      event.preventDefault()
      if (!name.value.trim()) return
      this.annotator.addLabel(name.value.trim(), this.color.value)
      name.value = ""
      name.blur()
    }
    this.newLabel = name
    return h("form", { class: "add", onsubmit: submit }, this.color, name, h("button", { class: "action" }, "Add"))
  }

  #rangeForm() {
    const number = (label) =>
      h("input", { type: "number", min: 0, "aria-label": label, title: `${label} (double click: this frame)` })
    const [from, to] = [number("From frame"), number("To frame")]
    for (const input of [from, to]) {
      input.addEventListener("dblclick", () => (input.value = String(this.annotator.shown)))
    }
    const submit = (event) => {
      event.preventDefault()
      const shown = this.annotator.shown
      const ends = [from, to].map((input) => (input.value === "" ? shown : Number(input.value)))
      this.annotator.markRange(Math.min(...ends), Math.max(...ends))
      from.value = to.value = ""
    }
    this.rangeInputs = [from, to]
    return h("form", { class: "add", onsubmit: submit }, from, h("span", {}, "to"), to, h("button", { class: "action" }, "Mark"))
  }

  // The empty fields of the range form stand for the frame on screen: show its number there.
  showFrame(frame) {
    for (const input of this.rangeInputs) input.placeholder = String(frame)
  }
}
