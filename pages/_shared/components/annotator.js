// The labelling screen around the drawing canvas.
//
// The person is always ahead of the server: `shown` is the frame on the picture at once, the
// canvas (which only the server can fill) follows and is seen only when it is in step.

const FOLLOW_MS = 140 // how long a held key must rest before the canvas follows
const SETTLE_MS = 3000
const SELECT_FIRST = "Select a box first: click it, or press Tab."

class Annotator {
  constructor(root, video, setState) {
    this.root = root
    this.video = video
    this.setState = setState
    this.feed = null
    this.shown = 0
    this.direction = 1
    this.selected = null
    this.confirming = null
    this.playing = null
    this.scrubbing = false
    this.settledVisit = ""
    const api = `/api/v1/videos/${video.id}`
    this.outbox = new Outbox((message) => this.setState("outbox", message))
    this.frames = new FrameStore(api, () => this.paint())
    this.boxes = new BoxStore(api, () => this.paint())
    this.surface = new Surface(() => document.querySelector(".st-key-annotator-canvas"), {
      changed: () => this.commit(),
      picked: (track) => this.pick(track),
      dragging: () => this.paint(),
      refused: (sentence) => this.say(sentence, true),
      smallest: () => [5 / this.scale[0], 5 / this.scale[1]],
    })
    this.#build()
    this.#listen()
    if (window.__tpodFeed) this.receive(window.__tpodFeed)
  }

  #build() {
    this.stage = new Stage()
    this.bars = new Bars(this, this.video)
    const strip = h("div", { class: "timeline" })
    const side = h("aside", {})
    this.timeline = new Timeline(strip, {
      seek: (frame, dropped) => this.scrub(frame, dropped),
      select: (track) => this.pick(track),
    })
    this.panel = new Panel(side, this)
    const { top, bottom, help } = this.bars
    this.root.replaceChildren(top, this.stage.element, bottom, strip, side, help)
  }

  #listen() {
    this.abort = new AbortController()
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("keydown", (event) => handleKey(this, event), options)
    window.addEventListener("keyup", () => this.followTimer && this.#followSoon(0), options)
    window.addEventListener("tpod-feed", ({ detail }) => this.receive(detail), options)
    window.addEventListener("beforeunload", (e) => this.unsaved && e.preventDefault(), options)
    this.resizer = new ResizeObserver(() => this.#measure())
    this.resizer.observe(this.stage.element)
    this.heartbeat = setInterval(() => {
      this.outbox.retry()
      if (!this.outbox.empty) this.paint()
    }, 1000)
  }

  destroy() {
    this.abort.abort()
    this.surface.destroy()
    this.resizer.disconnect()
    clearInterval(this.heartbeat)
    clearTimeout(this.followTimer)
    clearTimeout(this.measureTimer)
    cancelAnimationFrame(this.playing?.request)
    cancelAnimationFrame(this.paintRequest)
  }

  // The room for the canvas goes to the server, which alone can size it.
  #measure() {
    const top = this.root.getBoundingClientRect().top + window.scrollY
    this.root.style.setProperty("--top", `${Math.round(top)}px`)
    const [width, height] = this.stage.wh
    if (width < 50 || height < 50) return
    const report = () => {
      if (this.surface.drag) return this.#measure()
      this.measured = true
      this.surface.flush()
      this.setState("stage", { width, height })
    }
    clearTimeout(this.measureTimer)
    this.measureTimer = setTimeout(report, this.measured ? 250 : 0)
    this.paint()
  }

  // ---- news from the server ------------------------------------------------------------

  receive(feed) {
    if (feed.video !== this.video.id) return
    const newVisit = feed.visit.sentinel !== this.feed?.visit.sentinel
    const news = this.feed && feed.notice.serial !== this.feed.notice.serial
    this.feed = feed
    this.frames.frameCount = this.boxes.frameCount = feed.frames
    this.outbox.acknowledge(feed.client, feed.acknowledged)
    if (feed.canvas) this.frames.resize(feed.canvas.frameWidth)
    this.boxes.follow(feed.revision)
    if (newVisit) this.#enterVisit()
    else this.surface.update(this.#rectsOf(feed.boxes))
    if (news) this.say(feed.notice.text, true)
    this.#arrive()
    this.paint()
  }

  // Wait until the canvas has loaded the drawing of this visit, then let it be seen.
  #enterVisit() {
    this.settledVisit = ""
    this.surface.reset(this.#rectsOf(this.feed.boxes))
    const { sentinel } = this.feed.visit
    const deadline = performance.now() + SETTLE_MS
    const look = () => {
      if (this.feed.visit.sentinel !== sentinel) return
      if (!this.surface.settled && performance.now() < deadline) return requestAnimationFrame(look)
      this.settledVisit = sentinel
      this.#paint()
      if (this.inStep && this.selected) this.surface.select(this.selected)
    }
    requestAnimationFrame(() => requestAnimationFrame(look))
  }

  // The server is about to show something else: what is drawn now would be drawn for nothing.
  get changing() {
    const [width, height] = this.stage.wh
    const [knownWidth, knownHeight] = this.feed.stage ?? []
    return this.outbox.changing || width !== knownWidth || height !== knownHeight
  }

  // Everything asked for is done: show what the server shows, and keep it in the address.
  #arrive() {
    if (!this.outbox.empty || this.playing || this.scrubbing || this.followTimer) return
    this.shown = this.feed.visit.frame
    const address = new URL(location.href)
    address.searchParams.set("frame", String(this.shown))
    history.replaceState(history.state, "", address)
  }

  // Boxes in canvas pixels: [{track, label, human, x1, y1, x2, y2}].
  #rectsOf(boxes) {
    const [sx, sy] = this.scale
    return boxes.map(({ track, human, label, box: [x1, y1, x2, y2] }) => ({
      track, human, label, x1: x1 / sx, y1: y1 / sy, x2: x2 / sx, y2: y2 / sy,
    }))
  }

  // The frames known so far: an import may still be finding more.
  get last() {
    return Math.max(0, (this.feed?.frames ?? 1) - 1)
  }

  get canvasSize() {
    return this.feed?.canvas ?? this.stage.fit(this.video)
  }

  // Pixels of the frame per pixel of the canvas, horizontally and vertically.
  get scale() {
    const { width, height } = this.canvasSize
    return [this.video.width / width, this.video.height / height]
  }

  // ---- acts ----------------------------------------------------------------------------

  // Ask the server for something. What was drawn goes first.
  act(kind, details = {}) {
    if (this.surface.drag) return
    this.surface.flush()
    this.stopPlaying()
    this.outbox.add(kind, { frame: this.shown, ...details })
    this.paint()
  }

  commit() {
    if (this.surface.flush()) this.act("commit")
  }

  get unsaved() {
    return this.surface.unsent || this.outbox.unsaved
  }

  // The selected box, or the only one.
  get chosenBox() {
    const boxes = this.boxesHere
    return boxes.find(({ track }) => track === this.selected) ?? (boxes.length === 1 ? boxes[0] : null)
  }

  #edit(kind, details = {}) {
    const box = this.chosenBox
    if (!box) return this.say(SELECT_FIRST)
    this.confirming = null
    this.act(kind, { track: box.track, ...details })
  }

  deleteHere() {
    const box = this.chosenBox
    if (box && this.confirming === box.track) return this.deleteTrack()
    const keys = box ? this.#keyframes(box.track).filter(({ outside }) => !outside) : []
    if (keys.length === 1 && keys[0].frame === this.shown) return this.askDeleteTrack()
    this.#edit("hide")
  }

  askDeleteTrack() {
    const box = this.chosenBox
    if (!box) return this.say(SELECT_FIRST)
    if (this.confirming === box.track) return this.deleteTrack()
    this.pick(box.track)
    this.confirming = box.track
    this.say(`Press Delete again to delete ${box.label} ${box.track} on every frame, Esc to keep it.`)
  }

  deleteTrack() { this.#edit("delete") }
  endTrack() { this.#edit("end") }
  removeKeyframe() { this.#edit("remove_keyframe") }
  toggleOccluded() { this.#edit("occluded", { occluded: !this.chosenBox?.occluded }) }
  relabel(name) { this.#edit("relabel", { name }) }
  undo() { this.act("undo") }
  redo() { this.act("redo") }
  addLabel(name, color) { this.act("add_label", { name, color }) }
  clearRange([start, stop]) { this.act("clear", { start, stop }) }

  markRange(first, last) {
    const end = Math.min(last, this.last)
    this.act("mark", { start: Math.min(first, end), stop: end + 1 })
  }

  relabelAt(index) {
    const label = this.feed?.labels[index]
    if (label) this.relabel(label.name)
  }

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
    const tracks = this.boxesHere.map(({ track }) => track)
    if (!tracks.length) return
    const at = tracks.indexOf(this.selected)
    const from = at < 0 && direction < 0 ? 0 : at
    this.select(tracks[(from + direction + tracks.length) % tracks.length])
  }

  escape() {
    if (this.bars.help.open) return this.bars.help.close()
    this.surface.forceDraw = false
    if (this.inStep) this.surface.deselect()
    this.stage.hush()
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
    const { tracks } = this.boxes.document
    const mine = tracks.filter(({ id }) => id === this.selected)
    const frames = (mine.length ? mine : tracks).flatMap((t) => t.keyframes.map((k) => k.frame))
    const ahead = frames.filter((frame) => (frame - this.shown) * direction > 0)
    if (!ahead.length) return this.say("No key frame on that side.")
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

  showTyped(text) {
    const frame = Number(text)
    const exists = text.trim() && Number.isInteger(frame) && frame >= 0 && frame <= this.last
    if (exists) this.show(frame)
    else this.say(`There is no such frame: this video has 0 to ${this.last}.`, true)
  }

  #display(frame) {
    const target = Math.min(Math.max(Math.round(frame), 0), this.last)
    if (target === this.shown) return
    this.commit()
    this.direction = target > this.shown ? 1 : -1
    this.shown = target
    this.confirming = null
    this.paint()
  }

  // Let the canvas come to the frame that is shown, at once or when a held key rests.
  #followSoon(delay) {
    clearTimeout(this.followTimer)
    this.followTimer = null
    if ((this.outbox.destination ?? this.feed?.visit.frame) === this.shown) return
    if (!delay) return this.act("go")
    this.followTimer = setTimeout(() => this.#followSoon(0), delay)
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
    if (this.shown >= this.last) this.#display(0)
    this.playing = { since: performance.now(), from: this.shown }
    this.#play()
    this.paint()
  }

  // Every frame is shown; where the frames come slower than they should, time waits for them.
  #play() {
    this.playing.request = requestAnimationFrame((now) => {
      const { since, from } = this.playing
      const due = from + Math.floor(((now - since) / 1000) * this.video.fps)
      if (due > this.shown) {
        if (this.frames.get(this.shown + 1)) this.#display(this.shown + 1)
        if (due > this.shown) this.playing = { since: now, from: this.shown }
      }
      if (this.shown >= this.last) this.stopPlaying()
      else this.#play()
    })
  }

  stopPlaying() {
    if (!this.playing) return
    cancelAnimationFrame(this.playing.request)
    this.playing = null
    this.#followSoon(0)
    this.paint()
  }

  // ---- painting ------------------------------------------------------------------------

  // The canvas shows this very frame, and its picture is here.
  get inStep() {
    const { feed } = this
    return Boolean(
      feed?.canvas && !this.playing && !this.scrubbing && feed.visit.frame === this.shown &&
        this.settledVisit === feed.visit.sentinel && this.frames.get(this.shown),
    )
  }

  get boxesHere() {
    if (!this.feed) return []
    if (this.feed.visit.frame === this.shown) return this.feed.boxes
    return this.boxes.on(this.shown) ?? []
  }

  get colors() {
    return Object.fromEntries((this.feed?.labels ?? []).map(({ name, color }) => [name, color]))
  }

  paint() {
    this.paintRequest ||= requestAnimationFrame(() => this.#paint())
  }

  #paint() {
    cancelAnimationFrame(this.paintRequest)
    this.paintRequest = 0
    this.frames.want(this.shown, this.direction, this.playing ? 12 : 5)
    const inStep = this.inStep
    const takesPointer = inStep && !this.changing
    this.surface.ready = takesPointer && this.feed.labels.length > 0
    this.root.dataset.ready = this.surface.ready ? String(this.shown) : ""
    this.stage.place(this.canvasSize, inStep, takesPointer)
    this.#paintPicture(inStep)
    this.bars.paint({
      frame: this.shown,
      last: this.last,
      fps: this.video.fps,
      playing: Boolean(this.playing),
      saving: this.outbox.silent ? "lost" : this.unsaved ? "saving" : "saved",
    })
    this.panel.paint(this.#panelState())
    this.panel.showFrame(this.shown)
    this.#paintTimeline()
  }

  #paintPicture(inStep) {
    const context = this.stage.paintFrame(this.frames.get(this.shown), this.frames.failed.has(this.shown))
    if (!context) return
    this.root.dataset.painted = String(this.shown)
    const { rects, drag } = this.surface
    if (!inStep) paintBoxes(context, this.#rectsOf(this.boxesHere), this.colors)
    else if (!drag) paintUnderlay(context, rects, this.colors, this.selected)
  }

  #panelState() {
    const { tracks, ranges } = this.boxes.document
    return {
      labels: this.feed?.labels ?? [],
      label: this.feed?.label,
      colors: this.colors,
      boxes: this.boxesHere,
      selected: this.selected,
      confirming: this.confirming,
      keyframes: this.#keyframes(this.selected).filter(({ outside }) => !outside).length,
      tracks: tracks.map(({ id, label, keyframes }) => ({ id, label, first: keyframes[0]?.frame ?? 0 })),
      ranges,
    }
  }

  #paintTimeline() {
    const { tracks, ranges } = this.boxes.document
    this.timeline.paint({
      frameCount: this.last + 1,
      shown: this.shown,
      tracks,
      ranges,
      selected: this.selected,
      colors: this.colors,
    })
  }

  say(sentence, refused = false) {
    this.stage.say(sentence, refused)
    this.paint()
  }

  toggleHelp() {
    const { help } = this.bars
    if (help.open) help.close()
    else help.showModal()
  }
}

const mounted = new WeakMap()

// Streamlit calls this at each change of data or theme, and the returned function at the end.
export default ({ data, parentElement, setStateValue }) => {
  const root = parentElement.querySelector(".annotator")
  const before = mounted.get(root)
  if (before && JSON.stringify(before.video) === JSON.stringify(data)) {
    before.setState = setStateValue
    before.paint()
  } else {
    before?.destroy()
    mounted.set(root, new Annotator(root, data, setStateValue))
  }
  return () => {
    mounted.get(root)?.destroy()
    mounted.delete(root)
  }
}
