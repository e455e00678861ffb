// What the server tells: by the feed of this page, and by the API beside it.

const SETTLE_MS = 3000

class News {
  constructor(annotator) {
    this.a = annotator
    this.settledVisit = "" // the sentinel of the visit that the canvas has loaded
    this.unchecked = false // boxes were found anew, and not yet compared with the canvas's
    this.known = [] // people who were here at the last look
  }

  receive(feed) {
    const { a } = this
    if (feed.video !== a.video.id) return
    const before = a.feed
    a.feed = feed
    a.frames.frameCount = a.boxes.frameCount = feed.frames
    a.outbox.acknowledge(feed.client, feed.acknowledged)
    if (feed.canvas) a.frames.resize(feed.canvas.frameWidth)
    a.boxes.follow(feed.revision)
    a.propagation.follow(feed.revision)
    if (!before && String(feed.aside) !== String(a.reach.aside)) a.reach.tell(a.reach.aside)
    if (feed.visit.sentinel !== before?.visit.sentinel) this.#enterVisit()
    else a.surface.update(a.rectsOf(feed.boxes))
    if (before && feed.notice.serial !== before.notice.serial) this.#announce(feed.notice)
    this.#arrive()
    this.#compare()
    a.paint()
  }

  #announce({ text, again }) {
    if (again) this.a.offer(text, { text: "Do it again", run: () => this.a.edit.act("again") })
    else this.a.say(text, true)
  }

  // Wait until the canvas has loaded the drawing of this visit, then let it be used.
  #enterVisit() {
    const { a } = this
    this.settledVisit = ""
    a.surface.reset(a.rectsOf(a.feed.boxes))
    const { sentinel } = a.feed.visit
    const deadline = performance.now() + SETTLE_MS
    const look = () => {
      if (a.feed.visit.sentinel !== sentinel) return
      if (!a.surface.settled && performance.now() < deadline) return requestAnimationFrame(look)
      this.settledVisit = sentinel
      a.surface.select(a.selected)
      a.screen.paintNow()
    }
    requestAnimationFrame(() => requestAnimationFrame(look))
  }

  // Everything asked for is done: show what the server shows, and keep it in the address.
  #arrive() {
    const { a } = this
    if (!a.outbox.empty || !a.go.atRest) return
    a.shown = a.feed.visit.frame
    const address = new URL(location.href)
    address.searchParams.set("frame", String(a.shown))
    history.replaceState(history.state, "", address)
  }

  // Boxes between key frames were found anew.
  derived() {
    this.unchecked = true
    this.a.boxes.forgetDerived()
    this.a.paint()
  }

  boxesCame() {
    this.#compare()
    this.a.paint()
  }

  // The canvas's boxes are those of the visit's beginning. Where propagation has moved one
  // since, the visit begins anew, as soon as the person is not at work.
  #compare() {
    const { a } = this
    if (!this.unchecked || !a.idle || a.boxes.revision !== a.feed.revision) return
    const fresh = a.boxes.on(a.shown)
    if (!a.boxes.isFresh(a.shown)) return
    this.unchecked = false
    const now = new Map(fresh.map((box) => [box.track, box]))
    const differs = (box, found) =>
      found.box.some((side, at) => Math.abs(side - box.box[at]) > 0.5) ||
      Math.abs((found.uncertainty ?? 0) - (box.uncertainty ?? 0)) > 0.05
    const old = a.feed.boxes.some((box) => !box.human && now.has(box.track) && differs(box, now.get(box.track)))
    if (old) a.edit.act("go")
  }

  // Somebody else has changed the video.
  revision(number) {
    if (this.a.idle && number > this.a.feed.revision) this.a.edit.act("go")
  }

  peopleCame() {
    const { a } = this
    const { others } = a.presence
    const came = others.filter((name) => !this.known.includes(name))
    this.known = others
    if (came.length) a.say(`${listed(came)} ${came.length === 1 ? "works" : "work"} on this video too. Whoever saves second is told what changed; nothing is overwritten.`)
    if (others.length) a.propagation.check()
    a.paint()
  }
}
