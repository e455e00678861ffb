// The list of tracks: those on this frame first, then those elsewhere in the video.

class TrackList {
  constructor(annotator) {
    this.a = annotator
    this.filter = ""
    this.rows = new Map() // track id -> {key, element}; a row is built again when it changes
    this.title = h("span")
    this.filterField = h("select", {
      class: "filter",
      title: "Show the tracks of one label only",
      "aria-label": "Filter by label",
      onchange: (event) => this.#choose(event.target.value),
    })
    this.all = h("span", { class: "row-tools" })
    this.proposals = new ProposalBar(annotator)
    this.body = h("div", { class: "rows" })
    this.element = h("section", { class: "grow" },
      h("h3", {}, this.title, this.filterField, this.all),
      this.proposals.element,
      this.body,
    )
  }

  #choose(label) {
    this.filter = label
    this.a.paint()
  }

  // state: see Annotator.panelState.
  paint(state) {
    this.#paintFilter(state.labels)
    const shown = state.tracks.filter(({ label }) => !this.filter || label === this.filter)
    const here = new Map(state.boxes.map((box) => [box.track, box]))
    const [on, off] = [shown.filter(({ id }) => here.has(id)), shown.filter(({ id }) => !here.has(id))]
    // A box drawn a moment ago may not be in the document yet.
    const known = new Set(state.tracks.map(({ id }) => id))
    const fresh = state.boxes.filter(({ track, label }) => !known.has(track) && (!this.filter || label === this.filter))
    this.title.textContent = `Tracks (${state.tracks.length + fresh.length})`
    this.#paintTools(shown.map(({ id }) => id))
    this.proposals.paint(state.tracks)
    const rows = [...on, ...fresh.map(({ track, label }) => ({ id: track, label, first: state.frame, last: state.frame, keys: 1 }))]
    arrange(this.body, [
      ...rows.map((track) => this.#row(state, track, here.get(track.id))),
      rows.length ? null : this.#hint(state),
      off.length ? this.#heading(`Elsewhere in the video (${off.length})`) : null,
      ...off.map((track) => this.#row(state, track, null)),
    ])
    if (state.selected !== this.selected) this.rows.get(state.selected)?.element.scrollIntoView({ block: "nearest" })
    this.selected = state.selected
    for (const id of this.rows.keys()) if (!known.has(id) && !here.has(id)) this.rows.delete(id)
  }

  #paintFilter(labels) {
    const key = JSON.stringify(labels)
    if (key === this.filterKey) return
    this.filterKey = key
    const names = labels.map(({ name }) => name)
    if (!names.includes(this.filter)) this.filter = ""
    const option = (value, text) => h("option", { value, selected: value === this.filter }, text)
    this.filterField.replaceChildren(option("", "all labels"), ...names.map((name) => option(name, name)))
  }

  #paintTools(ids) {
    const { reach } = this.a
    const key = JSON.stringify([ids, reach.aside])
    if (key === this.toolsKey) return
    this.toolsKey = key
    this.all.replaceChildren(
      eye(ids.length && ids.every((id) => reach.isHidden(id)), "all these tracks", () => this.a.toggleReach("hidden", ids)),
      lock(ids.length && ids.every((id) => reach.isLocked(id)), "all these tracks", () => this.a.toggleReach("locked", ids)),
    )
  }

  #heading(text) {
    this.headingElement ??= h("p", { class: "elsewhere" })
    this.headingElement.textContent = text
    return this.headingElement
  }

  #hint({ labels, tracks }) {
    const first = labels.length
      ? "Drag on the picture to draw a box around each object."
      : "Add a label first: the name of what you want to find."
    const next = tracks.length
      ? "No box on this frame. Drag on the picture to draw one."
      : `${first} Then go on some frames and correct the dashed box: that is all it takes.`
    this.hintElement ??= h("p", { class: "hint" })
    this.hintElement.textContent = next
    return this.hintElement
  }

  #row(state, track, box) {
    const chosen = track.id === state.selected
    const { reach, edit } = this.a
    const about = {
      track, box, chosen,
      color: state.colors[track.label],
      labels: state.labels.map(({ name }) => name),
      hidden: reach.isHidden(track.id),
      locked: reach.isLocked(track.id),
      confirming: edit.confirming === track.id,
      merging: edit.merging === track.id,
      end: chosen ? this.a.propagation.endOf(track.id) : null,
    }
    const key = JSON.stringify(about)
    const before = this.rows.get(track.id)
    if (before?.key === key) return before.element
    const element = trackRow(this.a, about)
    this.rows.set(track.id, { key, element })
    return element
  }
}

// Put exactly these children into an element, and touch none that is in its place already.
function arrange(parent, children) {
  const wanted = children.filter(Boolean)
  if (wanted.length === parent.children.length && wanted.every((child, at) => parent.children[at] === child)) return
  parent.replaceChildren(...wanted)
}
