// The column on the right: labels, tracks, finished ranges.

const NEW_COLORS = ["#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324"]

class Panel {
  constructor(element, annotator) {
    this.annotator = annotator
    this.labels = h("div", { class: "rows" })
    this.tracks = new TrackList(annotator)
    this.ranges = h("div", { class: "ranges" })
    this.progress = h("span", { class: "progress-words" })
    this.bar = h("i")
    element.append(
      h("section", { class: "labels" }, h("h3", {}, "Labels"), this.labels, this.#labelForm()),
      this.tracks.element,
      h("section", { class: "finished" },
        h("h3", {}, "Fully labelled", this.progress),
        h("div", { class: "progress" }, this.bar),
        this.ranges,
        this.#rangeForm(),
      ),
    )
  }

  // state: see Annotator.panelState. A part is rebuilt only when what it shows has changed.
  paint(state) {
    this.#once("labels", [state.labels, state.label], () => this.#paintLabels(state))
    this.tracks.paint(state)
    this.#once("ranges", [state.ranges, state.frameCount], () => this.#paintRanges(state))
    // The empty fields of the range form stand for the frame on screen: show its number there.
    const from = state.rangeFrom ?? state.frame
    this.rangeInputs[0].placeholder = String(Math.min(from, state.frame))
    this.rangeInputs[1].placeholder = String(Math.max(from, state.frame))
  }

  #once(part, facts, paint) {
    const key = JSON.stringify(facts)
    this.keys ??= {}
    if (this.keys[part] === key) return
    this.keys[part] = key
    paint()
  }

  #paintLabels({ labels, label }) {
    this.labels.replaceChildren(
      ...labels.map(({ name, color }, index) =>
        h("button",
          {
            class: `row label${name === label ? " chosen" : ""}`,
            title: `New boxes are "${name}"`,
            "aria-pressed": String(name === label),
            onclick: () => this.annotator.edit.chooseLabelAt(index),
          },
          h("i", { class: "swatch", style: `background:${color}` }),
          h("span", { class: "name" }, name),
          index < 9 ? h("kbd", {}, String(index + 1)) : null,
        ),
      ),
    )
    this.color.value = NEW_COLORS[labels.length % NEW_COLORS.length]
  }

  #paintRanges({ ranges, frameCount }) {
    const done = ranges.reduce((sum, [start, stop]) => sum + stop - start, 0)
    const share = (100 * done) / Math.max(1, frameCount)
    this.progress.textContent = `${done} of ${frameCount} frames · ${share.toFixed(share < 10 && share > 0 ? 1 : 0)}%`
    this.bar.style.width = `${share}%`
    const text = ([start, stop]) => (stop - start === 1 ? `${start}` : `${start} – ${stop - 1}`)
    this.ranges.replaceChildren(
      ...ranges.map((range) =>
        h("span", { class: "range" },
          h("button", { title: "Go there", onclick: () => this.annotator.go.show(range[0]) }, text(range)),
          h("button", { title: "Not fully labelled after all", onclick: () => this.annotator.edit.clearRange(range) }, "×"),
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
      this.annotator.edit.addLabel(name.value.trim(), this.color.value)
      name.value = ""
      name.blur()
    }
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
      const ends = [from, to].map((input) => Number(input.value === "" ? input.placeholder : input.value))
      this.annotator.edit.markRange(Math.min(...ends), Math.max(...ends))
      from.value = to.value = ""
    }
    const start = h("button", { type: "button", class: "action", title: "From this frame on; press again at the last one (R)", onclick: () => this.annotator.edit.markFromTo() }, "From here")
    this.rangeInputs = [from, to]
    return h("form", { class: "add", onsubmit: submit }, from, h("span", {}, "to"), to, h("button", { class: "action" }, "Mark"), start)
  }
}
