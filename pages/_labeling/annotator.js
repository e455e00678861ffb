// The labelling screen around the drawing canvas.
//
// The person is always ahead of the server: `shown` is the frame on the picture at once, the
// canvas (which only the server can fill) follows and takes the pointer only when in step.

const LABEL_FIRST = "Add a label first: write the name of what you want to find on the right."
// What is taken for an empty place may have a box that has not come yet.
const BOXES_FIRST = "The boxes of this frame are still on their way."

class Annotator {
  constructor(root, video, setState) {
    this.root = root
    this.video = video
    this.setState = setState
    this.feed = null
    this.shown = 0
    this.direction = 1
    this.selected = null
    this.abort = new AbortController()
    const api = `/api/v1/videos/${video.id}`
    this.outbox = new Outbox((message) => this.setState("outbox", message))
    this.frames = new FrameStore(api, video.width, () => this.paint())
    this.news = new News(this)
    this.boxes = new BoxStore(api, () => this.news.boxesCame())
    this.propagation = new PropagationStore(api, this.news)
    this.go = new Navigation(this)
    this.edit = new Editing(this)
    this.reach = new Reach(video.id, (tracks) => this.edit.act("aside", { tracks }))
    this.surface = new Surface(() => canvasHolder(), {
      changed: () => this.edit.commit(),
      ahead: (rect, target) => this.edit.putAhead(rect, target),
      ready: () => this.ready,
      standIn: (event) => this.standIn(event),
      picked: (track) => this.edit.mergeWith(track) || this.pick(track),
      dragging: () => this.paint(),
      refused: (sentence) => this.say(sentence, true),
      zoom: () => this.view.zoom,
      smallest: () => [5 / this.scale[0], 5 / this.scale[1]],
    })
    this.view = new View()
    this.screen = new Screen(this)
    this.surface.listenOn(this.screen.stage.picture)
    this.presence = new Presence(api, this.abort.signal, () => this.news.peopleCame())
    this.#listen()
    if (window.__tpodFeed) this.news.receive(window.__tpodFeed)
  }

  #listen() {
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("keydown", (event) => handleKey(this, event), options)
    window.addEventListener("keyup", () => this.go.rest(), options)
    window.addEventListener("tpod-feed", ({ detail }) => this.news.receive(detail), options)
    window.addEventListener("beforeunload", (e) => this.unsaved && e.preventDefault(), options)
    const { view } = this
    const picture = () => [this.screen.stage.element, canvasHolder()]
    new ViewGestures({ view, picture, changed: () => this.paint() }, this.abort.signal)
    this.heartbeat = setInterval(() => {
      this.outbox.retry()
      this.screen.retry()
      if (!this.outbox.empty) this.paint()
    }, 1000)
  }

  destroy() {
    this.abort.abort()
    clearInterval(this.heartbeat)
    for (const part of [this.surface, this.go, this.propagation, this.presence, this.screen]) part.destroy()
  }

  // ---- what is going on --------------------------------------------------------------------

  // The server is about to show something else: what is drawn now would be drawn for nothing.
  get changing() {
    return this.outbox.changing || !this.roomIsKnown
  }

  // The server has sized the canvas for the room that there is.
  get roomIsKnown() {
    return String(this.screen.stage.wh) === String(this.feed?.stage)
  }

  // Nothing is under way, here or on the way to the server.
  get idle() {
    return this.inStep && this.outbox.empty && !this.surface.drag && !this.unsaved && this.go.atRest
  }

  get unsaved() {
    return this.surface.unsent || this.outbox.unsaved
  }

  // The canvas has the boxes of this very frame, and its picture is here.
  get inStep() {
    const { feed, go } = this
    return Boolean(
      feed?.canvas && !go.playing && !go.scrubbing && feed.visit.frame === this.shown &&
        this.news.settledVisit === feed.visit.sentinel && this.frames.get(this.shown),
    )
  }

  // The canvas takes the pointer.
  get ready() {
    return this.inStep && !this.changing && this.feed.labels.length > 0
  }

  // Until it does, the picture takes the pointer; null where there is nothing to draw on yet.
  standIn(event) {
    const hand = new PictureHand(this.view, this.screen.stage.picture)
    const { painted } = this.screen
    const isSeen = (painted === this.shown || this.go.playing) && hand.covers(event)
    if (!isSeen || this.outbox.silent || !this.feed) return null
    const draws = event.shiftKey || this.surface.forceDraw
    const missing = !this.feed.labels.length ? LABEL_FIRST : draws || this.boxesKnown ? "" : BOXES_FIRST
    if (missing) {
      this.say(missing)
      return null
    }
    // While it plays, the next frame may be due and not painted yet: the one seen was pressed.
    if (this.go.playing) this.shown = painted ?? this.shown
    this.go.settle()
    const rects = this.withAhead(this.rectsOf(this.boxesHere))
    return { hand, rects, active: rects.find(({ track }) => track && track === this.selected) }
  }

  // ---- what is known -----------------------------------------------------------------------

  // The frames known so far: an import may still be finding more.
  get last() {
    return Math.max(0, (this.feed?.frames ?? 1) - 1)
  }

  get canvasSize() {
    return this.feed?.canvas ?? this.screen.stage.fit(this.video)
  }

  // Pixels of the frame per pixel of the canvas, horizontally and vertically.
  get scale() {
    const { width, height } = this.canvasSize
    return [this.video.width / width, this.video.height / height]
  }

  get boxesKnown() {
    const isHere = this.feed?.visit.frame === this.shown || this.boxes.on(this.shown)
    return Boolean(isHere) || this.boxes.isEmpty
  }

  get boxesHere() {
    if (!this.feed) return []
    return this.feed.visit.frame === this.shown ? this.feed.boxes : (this.boxes.on(this.shown) ?? [])
  }

  // `rects`, with the boxes that were drawn ahead of the canvas and are still on their way.
  withAhead(rects) {
    const put = this.outbox.acts.filter(({ kind, frame }) => kind === "put" && frame === this.shown)
    const ahead = this.toCanvas(put.map(({ track, box }) => ({ track: track || null, box, human: true })))
    const moved = new Map(ahead.map((rect) => [rect.track, rect]))
    const here = rects.map((rect) => (rect.track && moved.has(rect.track) ? { ...rect, ...moved.get(rect.track) } : rect))
    return [...here, ...ahead.filter(({ track }) => !track)]
  }

  get colors() {
    return Object.fromEntries((this.feed?.labels ?? []).map(({ name, color }) => [name, color]))
  }

  // The label of the next box.
  get label() {
    const chosen = this.outbox.acts.findLast(({ kind }) => kind === "label" || kind === "add_label")
    return chosen?.name ?? this.feed?.label
  }

  // Boxes that the pointer can reach, in canvas pixels.
  rectsOf(boxes) {
    return this.toCanvas(boxes.filter(({ track }) => !this.reach.isAside(track)))
  }

  toCanvas(boxes) {
    const [sx, sy] = this.scale
    return boxes.map(({ box: [x1, y1, x2, y2], ...rest }) => ({
      ...rest,
      uncertain: !rest.human && this.doubtOf(rest) >= UNCERTAIN,
      score: this.boxes.track(rest.track)?.score,
      x1: x1 / sx, y1: y1 / sy, x2: x2 / sx, y2: y2 / sy,
    }))
  }

  // Of a derived box on the frame shown: propagation's own doubt, and a detector's where one ran.
  doubtOf({ track, uncertainty }) {
    return Math.max(uncertainty ?? 0, this.propagation.doubtOf(track, this.shown))
  }

  // ---- selection ---------------------------------------------------------------------------

  pick(track) {
    this.selected = track
    this.edit.confirming = null
    this.paint()
  }

  select(track) {
    if (this.edit.mergeWith(track)) return
    this.pick(track)
    this.surface.select(track)
  }

  // From the list: a track that has no box here is gone to.
  choose(track, box) {
    const merges = this.edit.merging
    this.select(track)
    if (!box && !merges) this.go.toTrack(track)
  }

  selectNext(direction) {
    const tracks = this.boxesHere.map(({ track }) => track).filter((track) => track && !this.reach.isAside(track))
    tracks.sort((a, b) => a - b)
    if (!tracks.length) return PASSED_ON
    const at = tracks.indexOf(this.selected)
    const from = at < 0 && direction < 0 ? 0 : at
    this.select(tracks[(from + direction + tracks.length) % tracks.length])
  }

  escape() {
    const { help, stage } = this.screen
    if (help.open) return help.close()
    this.surface.forceDraw = false
    stage.toasts.close()
    if (this.edit.letGo()) return this.paint()
    this.root.getRootNode().activeElement?.blur()
    this.surface.deselect()
    this.pick(null)
  }

  // From the picture to the list, the bar below, the bar above, and round again.
  focusNextPart() {
    const parts = ["aside", "nav", "header"].map((name) => this.root.querySelector(name))
    const at = parts.findIndex((part) => part.contains(this.root.getRootNode().activeElement))
    parts[(at + 1) % parts.length].querySelector("button, input, a").focus()
  }

  toggleReach(which, tracks = [this.edit.track?.id]) {
    if (!tracks[0]) return this.say(SELECT_FIRST)
    if (this.surface.drag) return
    this.reach.toggle(which, tracks)
    this.paint()
  }

  acceptEnd() {
    const track = this.edit.track?.id
    const end = this.propagation.endOf(track)
    if (end === null) return this.say("Nothing speaks for an end of this track.")
    this.edit.endTrackAt(track, end)
  }

  // ---- what is seen ------------------------------------------------------------------------

  zoomBy(factor) {
    this.view.zoomBy(factor)
    this.paint()
  }

  seeWhole() {
    this.view.whole()
    this.paint()
  }

  seeSelected() {
    const [rect] = this.toCanvas([this.edit.chosen].filter(Boolean))
    if (!rect) return this.say(SELECT_FIRST)
    this.view.lookAt(rect)
    this.paint()
  }

  paint() {
    this.screen.paint()
  }

  say(sentence, refused = false) {
    this.screen.stage.toasts.say(sentence, refused)
    this.paint()
  }

  // A refusal that can be answered at once; the offer is {text, run}.
  offer(sentence, offer) {
    this.screen.stage.toasts.offer(sentence, offer)
    this.paint()
  }

  toggleHelp() {
    const { help } = this.screen
    if (help.open) help.close()
    else help.showModal()
  }
}

function canvasHolder() {
  return document.querySelector(".st-key-annotator-canvas")
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
