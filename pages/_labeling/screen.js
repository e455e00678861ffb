/** The annotator's elements, and the painting of all of them, once per change of the screen. */

import { h } from "../_shared/element.js"
import { Bars } from "./bars.js"
import { paintBoxes } from "./box_painting.js"
import { makeHelp } from "./help.js"
import { RETRY_MS } from "./outbox.js"
import { Panel } from "./panel.js"
import { spansOf } from "./spans.js"
import { Sparkline } from "./sparkline.js"
import { Stage } from "./stage.js"
import { Timeline } from "./timeline.js"

export class Screen {
  /** @param {import("./annotator.js").Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    this.stage = new Stage(annotator.view)
    this.bars = new Bars(annotator, annotator.video)
    this.help = makeHelp()
    const strip = h("div", { class: "timeline" })
    const spark = h("div", { class: "spark" })
    const side = h("aside", {})
    /** @type {import("./strip.js").Seek} */
    const seek = (frame, dropped) => annotator.go.scrub(frame, dropped)
    this.timeline = new Timeline(strip, { seek, select: (track) => annotator.selection.select(track) })
    this.sparkline = new Sparkline(spark, seek)
    this.panel = new Panel(side, annotator)
    const { top, bottom } = this.bars
    annotator.root.replaceChildren(top, this.stage.element, bottom, strip, spark, side, this.help)
    this.measured = false // the room for the canvas was told to the server
    this.toldAt = 0
    /** @type {number | null} */
    this.painted = null // the frame on the picture
    this.request = 0
    this.resizer = new ResizeObserver(() => this.#measure())
    this.resizer.observe(this.stage.element)
  }

  destroy() {
    this.resizer.disconnect()
    clearTimeout(this.measureTimer)
    cancelAnimationFrame(this.request)
  }

  /** The room for the canvas goes to the server, which alone can size it. */
  #measure() {
    const { a } = this
    const top = a.root.getBoundingClientRect().top + window.scrollY
    a.root.style.setProperty("--top", `${Math.round(top)}px`)
    const [width, height] = this.stage.wh
    if (width < 50 || height < 50) return
    const report = () => (a.drawing.drag ? this.#measure() : this.#tellRoom())
    clearTimeout(this.measureTimer)
    this.measureTimer = setTimeout(report, this.measured ? 250 : 0)
    this.paint()
  }

  #tellRoom() {
    const [width, height] = this.stage.wh
    this.measured = true
    this.toldAt = performance.now()
    this.a.drawing.flush()
    // Said again, the same would not be sent: the time makes another of it.
    this.a.setState("stage", { width, height, toldAt: this.toldAt })
  }

  /** What is said while the server still builds the page can get lost: say it again. */
  retry() {
    if (!this.measured || this.a.roomIsKnown || this.a.drawing.drag) return
    if (performance.now() - this.toldAt > RETRY_MS) this.#tellRoom()
  }

  /**
   * That the canvas takes the pointer is told with its picture; that it does not, at once: the
   * next press may come sooner.
   */
  paint() {
    if (!this.a.ready) this.#tellReady()
    this.request ||= requestAnimationFrame(() => this.paintNow())
  }

  paintNow() {
    const { a } = this
    cancelAnimationFrame(this.request)
    this.request = 0
    a.frames.want(a.shown, a.direction, a.go.playing ? 12 : 5)
    if (a.feed?.frames) a.boxes.prepare(a.shown)
    const { inStep } = a
    this.#tellReady()
    this.stage.place(a.canvasSize)
    a.frames.sharpen(a.shown, a.canvasSize.width * a.view.zoom * (window.devicePixelRatio || 1))
    this.#paintPicture(inStep)
    this.bars.paint({
      frame: a.shown,
      last: a.last,
      fps: a.video.fps,
      playing: Boolean(a.go.playing),
      saving: a.outbox.silent ? "lost" : a.unsaved ? "saving" : "saved",
      zoom: a.view.zoom,
      presence: a.presence,
    })
    this.#paintStrips()
    this.#paintPanel()
  }

  #tellReady() {
    const { ready, shown, root } = this.a
    root.dataset.ready = ready ? String(shown) : ""
    this.stage.letThrough(ready)
  }

  /** @param {boolean} inStep */
  #paintPicture(inStep) {
    const { a } = this
    const context = this.stage.paintFrame(a.frames.best(a.shown), a.frames.failed.has(a.shown))
    if (!context) return
    this.painted = a.shown
    a.root.dataset.painted = String(a.shown)
    const locked = a.here.toCanvas(a.here.all.filter(({ track }) => a.visibility.isLocked(track) && !a.visibility.isHidden(track)))
    const known = inStep || a.drawing.drag ? a.drawing.seen : a.here.withinReach(a.here.all)
    const seen = a.drawing.drag ? known : a.here.withAhead(known)
    const rects = seen.map((rect) => (rect.label ? rect : { ...rect, label: a.label }))
    const { view, colors, edit } = a
    const look = { view, colors, selected: a.selection.track, marked: edit.merging, handles: inStep && !a.drawing.drag }
    paintBoxes(context, [...locked.map((rect) => ({ ...rect, locked: true })), ...rects], look)
    this.#offerEnd()
  }

  #offerEnd() {
    const { a } = this
    const { track } = a.edit
    const isHere = track && a.propagation.endOf(track.id) === a.shown
    this.stage.offerEnd(isHere ? `${track.label} ${track.id} seems to be gone from here on. E ends it.` : "", () => a.acceptEnd())
  }

  #paintStrips() {
    const { a } = this
    const { tracks, ranges } = a.boxes.document
    const common = { frameCount: a.last + 1, shown: a.shown, selected: a.boxes.track(a.selection.track)?.id ?? null }
    const shownTracks = common.selected ? [common.selected] : tracks.map(({ id }) => id)
    this.timeline.paint({
      ...common,
      tracks,
      ranges,
      colors: a.colors,
      rangeFrom: a.edit.rangeFrom,
      isHidden: (track) => a.visibility.isHidden(track),
      endOf: (track) => a.propagation.endOf(track),
    })
    this.sparkline.paint({ ...common, ids: shownTracks, propagation: a.propagation })
  }

  /** While frames fly by the list would only flicker. */
  #paintPanel() {
    const { a } = this
    clearTimeout(this.panelTimer)
    if (!a.go.atRest) return void (this.panelTimer = setTimeout(() => this.#paintPanel(), 200))
    const { tracks, ranges } = a.boxes.document
    this.panel.paint({
      labels: a.feed?.labels ?? [],
      label: a.label,
      colors: a.colors,
      boxes: a.here.toCanvas(a.here.all),
      selected: a.selection.track,
      tracks: tracks.map((track) => spanOf(track, a.last + 1)),
      ranges,
      frame: a.shown,
      frameCount: a.last + 1,
      rangeFrom: a.edit.rangeFrom,
    })
  }
}

/**
 * A track as the list shows it: its first and last frame with a box.
 * @param {import("./box_store.js").Track} track
 * @param {number} frameCount
 * @returns {import("./track_row.js").ListedTrack}
 */
function spanOf(track, frameCount) {
  const spans = spansOf(track, frameCount)
  const { id, label, proposed = false, score = null } = track
  return {
    id, label, proposed, score,
    first: spans[0]?.[0] ?? 0,
    last: (spans.at(-1)?.[1] ?? 1) - 1,
    keys: track.keyframes.filter(({ outside }) => !outside).length,
  }
}
