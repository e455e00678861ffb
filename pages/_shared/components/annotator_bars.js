// The bar above the picture, the bar below it, and the list of keys.

class Bars {
  constructor(annotator, video) {
    this.saved = h("span", { class: "saved", role: "status" })
    this.clock = h("span", { class: "clock" })
    this.field = h("input", {
      class: "frame-field",
      inputmode: "numeric",
      "aria-label": "Frame",
      title: "Frame: type a number and press Enter",
      onkeydown: (event) => this.#onField(event, annotator),
      onblur: () => this.#showFrame(),
    })
    this.play = tool("play", "Play or pause (Space)", () => annotator.togglePlay())
    this.size = `${video.width}×${video.height}`
    this.top = this.#makeTop(annotator, video)
    this.bottom = this.#makeBottom(annotator)
    this.help = makeHelp()
  }

  #makeTop(a, { name, back }) {
    this.facts = h("span", { class: "facts" })
    return h("header", {},
      h("a", { class: "back", href: back, target: "_self", title: "Back to the videos" }, glyph("back")),
      h("strong", { title: name }, name),
      this.facts,
      h("span", { class: "space" }),
      this.saved,
      tool("undo", "Undo (Ctrl Z)", () => a.undo()),
      tool("redo", "Redo (Ctrl Shift Z)", () => a.redo()),
      tool("help", "Keys (?)", () => a.toggleHelp()),
    )
  }

  #makeBottom(a) {
    this.ending = h("span")
    return h("nav", {},
      tool("first", "First frame (Home)", () => a.show(0)),
      tool("back10", "10 frames back (Shift ←)", () => a.step(-10)),
      tool("previous", "Previous frame (←)", () => a.step(-1)),
      this.play,
      tool("next", "Next frame (→)", () => a.step(1)),
      tool("on10", "10 frames on (Shift →)", () => a.step(10)),
      tool("last", "Last frame (End)", () => a.show(a.last)),
      h("span", { class: "gap" }),
      tool("keyBack", "Previous key frame ([)", () => a.jumpToKeyframe(-1)),
      tool("keyOn", "Next key frame (])", () => a.jumpToKeyframe(1)),
      h("span", { class: "space" }),
      h("label", { class: "position" }, "Frame ", this.field, this.ending),
      this.clock,
    )
  }

  #onField(event, annotator) {
    event.stopPropagation()
    if (event.key !== "Enter" && event.key !== "Escape") return
    const typed = this.field.value
    this.field.blur()
    if (event.key === "Enter") annotator.showTyped(typed)
  }

  #showFrame() {
    this.field.value = String(this.frame)
  }

  paint({ frame, last, fps, playing, saving }) {
    this.frame = frame
    this.ending.textContent = ` of ${last}`
    this.facts.textContent = `${this.size} · ${last + 1} frames · ${Number(fps.toFixed(2))} fps`
    if (this.field.getRootNode().activeElement !== this.field) this.#showFrame()
    this.clock.textContent = clock(frame / fps)
    if (playing !== this.playing) this.play.replaceChildren(glyph(playing ? "pause" : "play"))
    this.playing = playing
    this.saved.dataset.state = saving
    this.saved.textContent = SAVING_WORDS[saving]
  }
}

const SAVING_WORDS = {
  saved: "Saved",
  saving: "Saving…",
  lost: "Not saved: no answer from the server",
}

function tool(icon, title, run) {
  return h("button", { class: "tool", title, "aria-label": title, onclick: run }, glyph(icon))
}

function makeHelp() {
  const names = [...new Set(KEYS.map(([group]) => group))]
  const row = ([, keys, , words]) => h("p", {}, h("kbd", {}, keys), words)
  const group = (name) =>
    h("section", {}, h("h3", {}, name), KEYS.filter(([of]) => of === name).map(row))
  const help = h("dialog", { class: "help", onclick: (event) => event.target === help && help.close() },
    h("h2", {}, "Keys"),
    h("div", { class: "help-groups" }, names.map(group)),
    h("p", { class: "hint" },
      "A solid box was set on this very frame; a dashed one is derived from the frames before and after. ",
      "Move or resize a dashed box and it becomes a key frame of the same track."),
    h("form", { method: "dialog" }, h("button", { class: "action" }, "Close")),
  )
  return help
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(2, "0")}:${(seconds - minutes * 60).toFixed(2).padStart(5, "0")}`
}
