// The labelling screen around the drawing canvas.
//
// The person is always ahead of the server: `shown` is the frame on the picture at once, the
// canvas (which only the server can fill) follows and is seen only when it is in step. Acts go
// out in order with numbers and stay in the outbox until the server has acknowledged them.

const RETRY_MS = 4000
const FOLLOW_MS = 140 // how long a held key must rest before the canvas follows
const SILENCE_MS = 8000 // no answer for so long: say that nothing is saved

class Annotator {
  constructor(root, video, setState) {
    this.video = video
    this.setState = setState
    this.client = crypto.randomUUID?.() ?? String(Math.random())
    this.sequence = 0
    this.outbox = []
    this.sentAt = 0
    this.feed = null
    this.shown = 0
    this.direction = 1
    this.selected = null
    this.confirming = null
    this.playing = null
    this.scrubbing = false
    this.settledVisit = ""
    this.painted = null
    const api = `/api/v1/videos/${video.id}`
    this.frames = new FrameStore(api, video.frames, () => this.paint())
    this.boxes = new BoxStore(api, video.frames, () => this.paint())
    this.#build(root)
    this.surface = new Surface(() => document.querySelector(".st-key-annotator-canvas"), {
      changed: () => this.commit(),
      picked: (track) => this.pick(track),
      dragging: (on) => this.onDragging(on),
      refused: (sentence) => this.say(sentence, true),
      smallest: () => [5 / this.scale[0], 5 / this.scale[1]],
    })
    this.abort = new AbortController()
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("keydown", (event) => handleKey(this, event), options)
    window.addEventListener("keyup", () => this.followTimer && this.#followSoon(0), options)
    window.addEventListener("tpod-feed", ({ detail }) => this.receive(detail), options)
    window.addEventListener("beforeunload", (e) => this.unsaved && e.preventDefault(), options)
    this.resizer = new ResizeObserver(() => this.#measure())
    this.resizer.observe(this.stage)
    this.heartbeat = setInterval(() => this.#watch(), 1000)
    if (window.__tpodFeed?.video === video.id) this.receive(window.__tpodFeed)
  }

  destroy() {
    this.abort.abort()
    this.surface.destroy()
    this.resizer.disconnect()
    clearInterval(this.heartbeat)
    cancelAnimationFrame(this.playing?.request ?? 0)
  }

  // ---- the page ------------------------------------------------------------------------

  #build(root) {
    const tool = (icon, title, run) =>
      h("button", { class: "tool", title, "aria-label": title, onclick: run }, glyph(icon))
    this.picture = h("canvas", { class: "picture" })
    this.toast = h("div", { class: "toast", role: "status", hidden: true })
    this.busy = h("div", { class: "busy", hidden: true }, "Loading the frame…")
    this.stage = h("div", { class: "stage" }, this.picture, this.busy, this.toast)
    this.saved = h("span", { class: "saved", role: "status" })
    this.clock = h("span", { class: "clock" })
    this.frameField = h("input", {
      class: "frame-field", inputmode: "numeric", "aria-label": "Frame", title: "Frame: type a number and press Enter",
      onkeydown: (event) => this.#onFrameField(event),
      onblur: () => (this.frameField.value = String(this.shown)),
    })
    this.playButton = tool("play", "Play or pause (Space)", () => this.togglePlay())
    const { width, height, fps, frames } = this.video
    const bar = h("header", {},
      h("a", { class: "back", href: this.video.back, target: "_self", title: "Back to the videos" }, glyph("back")),
      h("strong", { title: this.video.name }, this.video.name),
      h("span", { class: "facts" }, `${width}×${height} · ${frames} frames · ${round(fps)} fps`),
      h("span", { class: "space" }),
      this.saved,
      tool("undo", "Undo (Ctrl Z)", () => this.undo()),
      tool("redo", "Redo (Ctrl Shift Z)", () => this.redo()),
      tool("help", "Keys (?)", () => this.toggleHelp()),
    )
    const transport = h("nav", {},
      tool("first", "First frame (Home)", () => this.show(0)),
      tool("back10", "10 frames back (Shift ←)", () => this.step(-10)),
      tool("previous", "Previous frame (←)", () => this.step(-1)),
      this.playButton,
      tool("next", "Next frame (→)", () => this.step(1)),
      tool("on10", "10 frames on (Shift →)", () => this.step(10)),
      tool("last", "Last frame (End)", () => this.show(frames - 1)),
      h("span", { class: "gap" }),
      tool("keyBack", "Previous key frame ([)", () => this.jumpToKeyframe(-1)),
      tool("keyOn", "Next key frame (])", () => this.jumpToKeyframe(1)),
      h("span", { class: "space" }),
      h("label", { class: "position" }, "Frame ", this.frameField, ` of ${frames - 1}`),
      this.clock,
    )
    const strip = h("div", { class: "timeline" })
    const side = h("aside", {})
    this.help = h("dialog", { class: "help", onclick: (e) => e.target === this.help && this.help.close() })
    root.replaceChildren(bar, this.stage, transport, strip, side, this.help)
    this.root = root
    this.timeline = new Timeline(strip, {
      seek: (frame, dropped) => this.scrub(frame, dropped),
      select: (track) => this.pick(track),
    })
    this.panel = new Panel(side, this)
    this.#fillHelp()
  }

  #fillHelp() {
    const groups = Map.groupBy?.(KEYS, ([group]) => group) ?? groupBy(KEYS, ([group]) => group)
    const table = ([group, rows]) =>
      h("section", {}, h("h3", {}, group),
        rows.map(([, keys, , words]) => h("p", {}, h("kbd", {}, keys), words)))
    this.help.append(
      h("h2", {}, "Keys"),
      h("div", { class: "help-groups" }, [...groups].map(table)),
      h("p", { class: "hint" }, "A solid box was set by a person on this frame; a dashed one is derived from them. Move or resize a dashed box and it becomes a key frame of the same track."),
      h("form", { method: "dialog" }, h("button", { class: "action" }, "Close")),
    )
  }

  // The room for the canvas goes to the server, which alone can size it.
  #measure() {
    const top = this.root.getBoundingClientRect().top + window.scrollY
    this.root.style.setProperty("--top", `${Math.round(top)}px`)
    const { clientWidth: width, clientHeight: height } = this.stage
    if (width < 50 || height < 50) return
    clearTimeout(this.measureTimer)
    const stage = { width, height }
    const report = () => JSON.stringify(stage) !== this.reported && this.setState("stage", stage)
    this.measureTimer = setTimeout(() => {
      report()
      this.reported = JSON.stringify(stage)
    }, this.reported ? 250 : 0)
    this.paint()
  }

  // ---- news from the server ------------------------------------------------------------

  receive(feed) {
    if (feed.video !== this.video.id) return
    const newVisit = feed.visit.sentinel !== this.feed?.visit.sentinel
    this.feed = feed
    if (feed.client === this.client) {
      this.outbox = this.outbox.filter((act) => act.seq > feed.acknowledged)
      if (this.outbox.length) this.#post()
    }
    if (feed.canvas) this.frames.resize(feed.canvas.frameWidth)
    this.boxes.follow(feed.revision)
    if (newVisit) this.#enterVisit()
    else this.surface.update(this.#rects())
    if (feed.notice.serial !== this.noticeSerial && feed.notice.text) {
      this.say(feed.notice.text, true)
    }
    this.noticeSerial = feed.notice.serial
    this.#arrive()
    this.paint()
  }

  #enterVisit() {
    this.settledVisit = ""
    this.surface.reset(this.#rects())
    const sentinel = this.feed.visit.sentinel
    const deadline = performance.now() + 3000
    const wait = () => {
      if (this.feed.visit.sentinel !== sentinel) return
      if (this.surface.settled || performance.now() > deadline) {
        this.settledVisit = sentinel
        this.#paint()
        if (this.inStep && this.selected) this.surface.select(this.selected)
      } else requestAnimationFrame(wait)
    }
    requestAnimationFrame(() => requestAnimationFrame(wait))
  }

  // Everything asked for is done: show what the server shows.
  #arrive() {
    if (this.outbox.length || this.playing || this.scrubbing || this.followTimer) return
    this.shown = this.feed.visit.frame
    const address = new URL(location.href)
    address.searchParams.set("frame", String(this.shown))
    history.replaceState(history.state, "", address)
  }

  #rects() {
    const [sx, sy] = this.scale
    return this.feed.boxes.map(({ track, human, label, box: [x1, y1, x2, y2] }) => ({
      track, human, label, x1: x1 / sx, y1: y1 / sy, x2: x2 / sx, y2: y2 / sy,
    }))
  }

  // Pixels of the frame per pixel of the canvas, horizontally and vertically.
  get scale() {
    const { width, height } = this.canvasSize
    return [this.video.width / width, this.video.height / height]
  }

  get canvasSize() {
    if (this.feed?.canvas) return this.feed.canvas
    const { clientWidth, clientHeight } = this.stage
    const scale = Math.min(clientWidth / this.video.width, clientHeight / this.video.height)
    return { width: this.video.width * scale, height: this.video.height * scale }
  }

  // ---- acts ----------------------------------------------------------------------------

  // Ask the server for something. What was drawn goes first.
  act(kind, details = {}) {
    if (this.surface.drag) return
    this.surface.flush()
    this.stopPlaying()
    const last = this.outbox.at(-1)
    if (kind === "go" && last?.kind === "go" && !last.sent) this.outbox.pop()
    this.outbox.push({ seq: ++this.sequence, kind, frame: this.shown, ...details })
    if (this.outbox.length === 1 || kind === "commit") this.#post()
    this.paint()
  }

  #post() {
    const acts = this.outbox.map(({ sent, ...act }) => act)
    for (const act of this.outbox) act.sent = true
    this.sentAt = performance.now()
    this.quietSince ??= this.sentAt
    // Called inside a render, a state change would stick: leave the call stack first.
    setTimeout(() => this.setState("outbox", { client: this.client, acts }))
  }

  #watch() {
    if (!this.outbox.length) return
    const now = performance.now()
    if (now - this.sentAt > RETRY_MS) this.#post()
    this.paint()
  }

  get unsaved() {
    return this.surface.unsent || this.outbox.some((act) => act.kind !== "go" && act.kind !== "label")
  }

  commit() {
    if (this.surface.flush()) this.act("commit")
  }

  #edit(kind, details = {}) {
    const box = this.#chosenBox()
    if (!box) return void this.say("Select a box first: click it, or press Tab.")
    this.confirming = null
    this.act(kind, { track: box.track, ...details })
  }

  #chosenBox() {
    const boxes = this.boxesHere
    return boxes.find((box) => box.track === this.selected) ?? (boxes.length === 1 ? boxes[0] : null)
  }

  deleteHere() {
    const box = this.#chosenBox()
    if (box && this.confirming === box.track) return this.deleteTrack()
    const shownKeys = box && this.#keyframes(box.track).filter((key) => !key.outside)
    if (shownKeys?.length === 1 && shownKeys[0].frame === this.shown) return this.askDeleteTrack()
    this.#edit("hide")
  }

  endTrack() { this.#edit("end") }
  removeKeyframe() { this.#edit("remove_keyframe") }
  toggleOccluded() { this.#edit("occluded", { occluded: !this.#chosenBox()?.occluded }) }
  relabel(name) { this.#edit("relabel", { name }) }
  relabelAt(index) { if (this.feed?.labels[index]) this.relabel(this.feed.labels[index].name) }
  undo() { this.act("undo") }
  redo() { this.act("redo") }
  addLabel(name, color) { this.act("add_label", { name, color }) }
  clearRange([start, stop]) { this.act("clear", { start, stop }) }
  markRange(first, last) {
    const end = Math.min(last, this.video.frames - 1)
    this.act("mark", { start: Math.min(first, end), stop: end + 1 })
  }

  askDeleteTrack() {
    const box = this.#chosenBox()
    if (!box) return void this.say("Select a box first: click it, or press Tab.")
    if (this.confirming === box.track) return this.deleteTrack()
    this.pick(box.track)
    this.confirming = box.track
    this.say(`Press Delete again to delete ${box.label} ${box.track} on every frame, Esc to keep it.`)
    this.paint()
  }

  deleteTrack() { this.#edit("delete") }

  chooseLabelAt(index) {
    const label = this.feed?.labels[index]
    if (label && label.name !== this.feed.label) this.act("label", { name: label.name })
  }

  drawNext() {
    this.surface.forceDraw = true
    this.say("The next drag draws a box.")
  }

  // ---- selection -----------------------------------------------------------------------

  pick(track) {
    this.selected = track
    this.confirming = null
    this.paint()
  }

  select(track) {
    this.pick(track)
    if (this.inStep) this.surface.select(track)
  }

  selectNext(direction) {
    const tracks = this.boxesHere.map((box) => box.track).filter(Boolean)
    if (!tracks.length) return
    const at = tracks.indexOf(this.selected)
    const start = at < 0 && direction < 0 ? 0 : at
    this.select(tracks[(start + direction + tracks.length) % tracks.length])
  }

  escape() {
    if (this.help.open) return this.help.close()
    this.surface.forceDraw = false
    if (this.inStep) this.surface.deselect()
    this.toast.hidden = true
    this.pick(null)
  }

  visitTrack(track) {
    this.pick(track)
    const first = this.#keyframes(track)[0]
    if (first) this.show(first.frame)
  }

  #keyframes(track) {
    return this.boxes.document.tracks.find(({ id }) => id === track)?.keyframes ?? []
  }

  jumpToKeyframe(direction) {
    const tracks = this.boxes.document.tracks
    const mine = tracks.filter(({ id }) => id === this.selected)
    const frames = (mine.length ? mine : tracks).flatMap((t) => t.keyframes.map((k) => k.frame))
    const ahead = frames.filter((frame) => (frame - this.shown) * direction > 0)
    if (!ahead.length) return void this.say("No key frame on that side.")
    this.show(direction > 0 ? Math.min(...ahead) : Math.max(...ahead))
  }

  // ---- moving through the video --------------------------------------------------------

  step(by, held = false) {
    this.stopPlaying()
    this.show(this.shown + by, held)
  }

  show(frame, held = false) {
    if (this.surface.drag) return
    this.stopPlaying()
    this.#display(frame)
    this.#followSoon(held ? FOLLOW_MS : 0)
  }

  #display(frame) {
    const target = Math.min(Math.max(Math.round(frame), 0), this.video.frames - 1)
    if (target === this.shown) return
    this.surface.flush()
    this.direction = target > this.shown ? 1 : -1
    this.shown = target
    this.confirming = null
    this.paint()
  }

  #followSoon(delay) {
    clearTimeout(this.followTimer)
    this.followTimer = null
    const target = this.outbox.findLast((act) => act.kind === "go")?.frame ?? this.feed?.visit.frame
    if (target === this.shown) return
    if (!delay) return this.act("go")
    this.followTimer = setTimeout(() => this.#followSoon(0), delay)
    this.paint()
  }

  scrub(frame, dropped) {
    if (this.surface.drag) return
    this.stopPlaying()
    this.scrubbing = !dropped
    this.#display(frame)
    if (dropped) this.#followSoon(0)
  }

  togglePlay() {
    if (this.playing) return this.stopPlaying()
    if (this.surface.drag) return
    this.surface.flush()
    if (this.shown >= this.video.frames - 1) this.#display(0)
    this.playing = { started: performance.now(), from: this.shown }
    this.#play()
    this.paint()
  }

  // Every frame is shown; where the frames come slower than they should, time waits for them.
  #play() {
    this.playing.request = requestAnimationFrame((now) => {
      const { started, from } = this.playing
      const due = from + Math.floor(((now - started) / 1000) * this.video.fps)
      if (due > this.shown) {
        const next = this.shown + 1
        if (this.frames.get(next)) this.#display(next)
        if (this.shown < due) this.playing = { ...this.playing, started: now, from: this.shown }
      }
      if (this.shown >= this.video.frames - 1) return this.stopPlaying()
      this.#play()
    })
  }

  stopPlaying() {
    if (!this.playing) return
    cancelAnimationFrame(this.playing.request)
    this.playing = null
    this.#followSoon(0)
    this.paint()
  }

  #onFrameField(event) {
    event.stopPropagation()
    if (event.key === "Escape") this.frameField.blur()
    if (event.key !== "Enter") return
    const frame = Number(this.frameField.value)
    this.frameField.blur()
    if (Number.isInteger(frame) && frame >= 0 && frame < this.video.frames) this.show(frame)
    else this.say(`There is no such frame: this video has 0 to ${this.video.frames - 1}.`, true)
  }

  // ---- painting ------------------------------------------------------------------------

  // The canvas shows this very frame, and nothing asked for will change it.
  get inStep() {
    const feed = this.feed
    return Boolean(
      feed?.canvas && !this.playing && !this.scrubbing && feed.visit.frame === this.shown &&
        this.settledVisit === feed.visit.sentinel && this.frames.get(this.shown),
    )
  }

  get boxesHere() {
    const feed = this.feed
    if (!feed) return []
    if (feed.visit.frame === this.shown) return feed.boxes
    return this.boxes.on(this.shown) ?? []
  }

  paint() {
    if (this.paintRequest) return
    this.paintRequest = requestAnimationFrame(() => {
      this.paintRequest = 0
      this.#paint()
    })
  }

  #paint() {
    this.frames.want(this.shown, this.direction, this.playing ? 12 : undefined)
    const inStep = this.inStep
    const waiting = this.outbox.some((act) => act.kind !== "commit")
    this.surface.ready = inStep && !waiting && Boolean(this.feed.labels.length)
    this.root.dataset.ready = this.surface.ready ? String(this.shown) : ""
    this.#placeCanvas(inStep, waiting)
    this.#paintPicture(inStep)
    this.#paintStatus()
    this.panel.paint(this.panelState())
    this.panel.showFrame(this.shown)
    this.timeline.paint({
      frameCount: this.video.frames,
      shown: this.shown,
      tracks: this.boxes.document.tracks,
      ranges: this.boxes.document.ranges,
      selected: this.selected,
      colors: this.colors,
    })
  }

  get colors() {
    return Object.fromEntries((this.feed?.labels ?? []).map(({ name, color }) => [name, color]))
  }

  panelState() {
    const { tracks, ranges } = this.boxes.document
    return {
      labels: this.feed?.labels ?? [],
      label: this.feed?.label,
      colors: this.colors,
      boxes: this.boxesHere,
      selected: this.selected,
      confirming: this.confirming,
      keyframes: this.#keyframes(this.selected).filter((key) => !key.outside).length,
      tracks: tracks.map(({ id, label, keyframes }) => ({ id, label, first: keyframes[0]?.frame ?? 0 })),
      ranges,
    }
  }

  #placeCanvas(inStep, waiting) {
    const { width, height } = this.canvasSize
    const left = this.stage.offsetLeft + (this.stage.clientWidth - width) / 2
    const top = this.stage.offsetTop + (this.stage.clientHeight - height) / 2
    const style = document.documentElement.style
    style.setProperty("--annotator-left", `${Math.round(left)}px`)
    style.setProperty("--annotator-top", `${Math.round(top)}px`)
    style.setProperty("--annotator-canvas", inStep ? "visible" : "hidden")
    style.setProperty("--annotator-pointer", inStep && !waiting ? "auto" : "none")
    this.picture.style.left = `${Math.round(left) - this.stage.offsetLeft}px`
    this.picture.style.top = `${Math.round(top) - this.stage.offsetTop}px`
    this.stage.dataset.step = inStep ? "in" : "out"
  }

  #paintPicture(inStep) {
    const image = this.frames.get(this.shown)
    this.#showBusy(!image)
    if (!image) return // Keep the last frame with its own boxes until this one is here.
    const { width, height } = this.canvasSize
    const context = sharp(this.picture, Math.round(width), Math.round(height))
    context.drawImage(image, 0, 0, Math.round(width), Math.round(height))
    this.root.dataset.painted = String(this.shown)
    if (!inStep) this.#paintBoxes(context)
    else if (!this.surface.drag) this.#paintUnderlay(context)
  }

  #showBusy(on) {
    if (on && !this.busyTimer) this.busyTimer = setTimeout(() => (this.busy.hidden = false), 300)
    if (on) return
    clearTimeout(this.busyTimer)
    this.busyTimer = 0
    this.busy.hidden = true
  }

  // All boxes of the frame, while the canvas is not in step.
  #paintBoxes(context) {
    const [sx, sy] = this.scale
    for (const { track, label, box: [x1, y1, x2, y2], human } of this.boxesHere) {
      context.strokeStyle = this.colors[label] ?? "#888"
      context.lineWidth = 2
      context.setLineDash(human ? [] : [7, 4])
      context.strokeRect(x1 / sx, y1 / sy, (x2 - x1) / sx, (y2 - y1) / sy)
      context.setLineDash([])
      paintChip(context, `${label} ${track}`, x1 / sx - 1, y1 / sy - 1, context.strokeStyle)
    }
  }

  // Under the canvas's own boxes: the selected one tinted, key frames solid at once (the
  // canvas keeps its dashes until the next visit, because its arguments must not change now).
  #paintUnderlay(context) {
    for (const rect of this.surface.rects) {
      const { track, human, label, x1, y1, x2, y2 } = rect
      context.strokeStyle = context.fillStyle = this.colors[label] ?? "#888"
      context.lineWidth = 2
      if (human) context.strokeRect(x1, y1, x2 - x1, y2 - y1)
      if (!track || track !== this.selected) continue
      context.globalAlpha = 0.18
      context.fillRect(x1, y1, x2 - x1, y2 - y1)
      context.globalAlpha = 1
    }
  }

  #paintStatus() {
    if (document.activeElement !== this.frameField && this.root.getRootNode().activeElement !== this.frameField) {
      this.frameField.value = String(this.shown)
    }
    this.clock.textContent = clock(this.shown / this.video.fps)
    this.playButton.replaceChildren(glyph(this.playing ? "pause" : "play"))
    const unsaved = this.unsaved
    if (!this.outbox.length) this.quietSince = null
    const silent = this.quietSince && performance.now() - this.quietSince > SILENCE_MS
    const state = silent ? "lost" : unsaved ? "saving" : "saved"
    this.saved.dataset.state = state
    this.saved.textContent = { lost: "Not saved: no answer from the server", saving: "Saving…", saved: "Saved" }[state]
  }

  onDragging() {
    this.paint()
  }

  say(sentence, refused = false) {
    this.toast.textContent = sentence
    this.toast.dataset.refused = String(refused)
    this.toast.hidden = false
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => (this.toast.hidden = true), refused ? 7000 : 3500)
  }

  toggleHelp() {
    if (this.help.open) this.help.close()
    else this.help.showModal()
  }
}

const GLYPHS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  next: "M9 6l6 6-6 6z",
  previous: "M15 6l-6 6 6 6z",
  on10: "M6 6l6 6-6 6zM13 6l6 6-6 6z",
  back10: "M18 6l-6 6 6 6zM11 6l-6 6 6 6z",
  last: "M6 6l8 6-8 6zM16 6h2v12h-2z",
  first: "M18 6l-8 6 8 6zM6 6h2v12H6z",
  keyOn: "M5 11h7V7l5 5-5 5v-4H5zM18 6h2v12h-2z",
  keyBack: "M19 11h-7V7l-5 5 5 5v-4h7zM4 6h2v12H4z",
  undo: "M10 6v4c6 0 9 3 10 8-2-3-5-4-10-4v4l-7-6z",
  redo: "M14 6v4c-6 0-9 3-10 8 2-3 5-4 10-4v4l7-6z",
  back: "M14 5l-7 7 7 7 1.5-1.5L10 12l5.500-5.500z",
  help: "M11 17h2v2h-2zM12 4a5 5 0 0 0-5 5h2a3 3 0 1 1 4.600 2.500C12.400 12.300 11 13.200 11 15.500h2c0-1.500.8-2 1.900-2.700A5 5 0 0 0 12 4z",
}

function glyph(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.innerHTML = `<path d="${GLYPHS[name]}"/>`
  return svg
}

function paintChip(context, text, x, y, color) {
  context.font = "12px system-ui, sans-serif"
  const width = context.measureText(text).width + 12
  const top = y - 24 < 0 ? y + 4 : y - 24
  context.fillStyle = color
  context.fillRect(x, top, width, 20)
  context.fillStyle = isLight(color) ? "#000" : "#fff"
  context.textBaseline = "middle"
  context.fillText(text, x + 6, top + 10)
}

function isLight(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  return 0.299 * r + 0.587 * g + 0.114 * b > 127.5
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(2, "0")}:${(seconds - minutes * 60).toFixed(2).padStart(5, "0")}`
}

function round(number) {
  return Math.round(number * 100) / 100
}

function groupBy(items, keyOf) {
  const groups = new Map()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

const mounted = new WeakMap()

export default ({ data, parentElement, setStateValue }) => {
  const root = parentElement.querySelector(".annotator")
  let annotator = mounted.get(root)
  if (annotator && annotator.video.id !== data.id) {
    annotator.destroy()
    annotator = null
  }
  if (annotator) Object.assign(annotator, { setState: setStateValue, video: data })
  else mounted.set(root, (annotator = new Annotator(root, data, setStateValue)))
  annotator.paint()
  return () => {
    annotator.destroy()
    mounted.delete(root)
  }
}
