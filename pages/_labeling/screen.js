/** The annotator's elements, and the painting of all of them, once per change of the screen. */

import { API_ROOT } from "../_shared/api.js"
import { h } from "../_shared/element.js"
import { Banner } from "./banner.js"
import { Bars } from "./bars.js"
import { paintBoxes } from "./box_painting.js"
import { widthFor } from "./frame_store.js"
import { makeHelp } from "./help.js"
import { Panel } from "./panel.js"
import { RejectedList } from "./rejected_list.js"
import { spansOf } from "./spans.js"
import { Sparkline } from "./sparkline.js"
import { Stage } from "./stage.js"
import { Timeline } from "./timeline.js"
import { trackName } from "./track_name.js"

/** @typedef {import("./annotator.js").Annotator} Annotator */
/** @typedef {import("./operations.js").Track} Track */
/** @typedef {import("./operations.js").TrackRef} TrackRef */

const RESIZED_MS = 250
const PANEL_MS = 200
const SMALLEST_STAGE_PX = 50
const AHEAD = { playing: 12, resting: 5 }

export class Screen {
  /** The frame on the picture. @type {number | null} */ painted = null
  #request = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #measureTimer
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #panelTimer

  /** @param {Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    const { root, video, view, annotations, go } = annotator
    this.banner = new Banner(new URL("../../", `${API_ROOT}/`).href)
    this.rejected = new RejectedList({
      again: (entries) => void annotations.again(entries),
      leave: (entries) => annotations.leave(entries),
      go: (frame) => go.show(frame),
    })
    this.stage = new Stage(view, this.banner.element, this.rejected.element)
    this.bars = new Bars(annotator, video)
    this.help = makeHelp()
    const strip = h("div", { class: "timeline" })
    const spark = h("div", { class: "spark" })
    const side = h("aside", {})
    const seek = (/** @type {number} */ frame, /** @type {boolean} */ dropped) => go.scrub(frame, dropped)
    this.timeline = new Timeline(strip, { seek, select: (/** @type {TrackRef} */ track) => annotator.selection.isTakenBy(track) })
    this.sparkline = new Sparkline(spark, seek)
    this.panel = new Panel(side, annotator)
    root.replaceChildren(this.bars.top, this.stage.element, this.bars.bottom, strip, spark, side, this.help)
    this.resizer = new ResizeObserver(() => this.#measure())
    this.resizer.observe(this.stage.element)
  }

  destroy() {
    this.resizer.disconnect()
    clearTimeout(this.#measureTimer)
    clearTimeout(this.#panelTimer)
    cancelAnimationFrame(this.#request)
  }

  #measure() {
    const { root } = this.a
    root.style.setProperty("--top", `${Math.round(root.getBoundingClientRect().top + window.scrollY)}px`)
    const { width, height } = this.stage.size
    if (width < SMALLEST_STAGE_PX || height < SMALLEST_STAGE_PX) return
    clearTimeout(this.#measureTimer)
    this.#measureTimer = setTimeout(() => this.#fitFrames(), this.a.frames.width ? RESIZED_MS : 0)
    this.paint()
  }

  /** Ask for frames as large as they are seen. */
  #fitFrames() {
    const { frames, video, view } = this.a
    this.stage.place(video)
    frames.resize(widthFor((video.width * view.scale) / view.zoom, video.width))
    this.paint()
  }

  /** That the picture can be drawn on is told with it; that it cannot, at once: the next press may come sooner. */
  paint() {
    if (!this.a.ready) this.#tellReady()
    this.#request ||= requestAnimationFrame(() => this.#paintNow())
  }

  #paintNow() {
    const { a } = this
    this.#request = 0
    a.frames.want(a.shown, a.direction, a.go.playing ? AHEAD.playing : AHEAD.resting)
    if (a.annotations.isKnown) a.annotations.boxes.prepare(a.shown)
    this.stage.place(a.video)
    a.frames.sharpen(a.shown, a.video.width * a.view.scale * (window.devicePixelRatio || 1))
    this.#paintPicture()
    this.#tellReady()
    this.#paintBars()
    this.#paintStrips()
    this.#paintPanel()
  }

  #tellReady() {
    const { ready, shown, root } = this.a
    root.dataset.ready = ready ? String(shown) : ""
  }

  #paintPicture() {
    const { a } = this
    const context = this.stage.paintFrame(a.frames.best(a.shown), a.frames.failed.has(a.shown))
    if (!context) return
    this.painted = a.shown
    a.root.dataset.painted = String(a.shown)
    const { here, visibility, drawing, selection, view, colors, edit } = a
    const locked = here.all.filter(({ track }) => visibility.isLocked(track) && !visibility.isHidden(track))
    const rects = drawing.over(here.withinReach, (corners) => here.newRect(corners, edit.label))
    const look = { view, colors, selected: selection.track, marked: edit.merging, handles: a.ready && !drawing.drag }
    paintBoxes(context, [...here.rects(locked).map((rect) => ({ ...rect, locked: true })), ...rects], look)
    this.#offerEnd()
  }

  #offerEnd() {
    const { a } = this
    const { track } = a.edit
    const isHere = track && a.propagation.endOf(track.id) === a.shown
    this.stage.offerEnd(isHere ? `${trackName(track)} seems to be gone from here on. E ends it.` : "", () => a.acceptEnd())
  }

  #paintBars() {
    const { a } = this
    const { queue, saving } = a.annotations
    this.bars.paint({
      frame: a.shown,
      last: a.last,
      fps: a.video.fps,
      playing: Boolean(a.go.playing),
      saving,
      waiting: queue.waiting,
      zoom: a.view.zoom,
      presence: a.presence,
    })
    this.banner.paint(saving, a.store.isDurable, a.video.user.username)
    this.rejected.paint(queue.rejected)
  }

  #paintStrips() {
    const { a } = this
    const { tracks, ranges } = a.annotations.document
    const selected = a.annotations.document.track(a.selection.track)?.id ?? null
    const common = { frameCount: a.last + 1, shown: a.shown, selected }
    this.timeline.paint({
      ...common,
      tracks,
      ranges,
      colors: a.colors,
      rangeFrom: a.edit.rangeFrom,
      isHidden: (/** @type {TrackRef} */ track) => a.visibility.isHidden(track),
      endOf: (/** @type {TrackRef} */ track) => a.propagation.endOf(track),
    })
    const ids = selected ? [selected] : tracks.map(({ id }) => id)
    this.sparkline.paint({ ...common, ids, propagation: a.propagation })
  }

  /** While frames fly by the list would only flicker. */
  #paintPanel() {
    const { a } = this
    clearTimeout(this.#panelTimer)
    if (!a.go.atRest) {
      this.#panelTimer = setTimeout(() => this.#paintPanel(), PANEL_MS)
      return
    }
    const { tracks, ranges, labels } = a.annotations.document
    this.panel.paint({
      labels,
      label: a.edit.label,
      colors: a.colors,
      boxes: a.here.rects(a.here.all),
      selected: a.selection.track,
      tracks: tracks.map((track) => spanOf(track, a.last + 1)),
      ranges,
      frame: a.shown,
      frameCount: a.last + 1,
      rangeFrom: a.edit.rangeFrom,
    })
  }
}

/** A track as the list shows it: its first and last frame with a box. @param {Track} track @param {number} frameCount */
function spanOf(track, frameCount) {
  const spans = spansOf(track, frameCount)
  const { id, label, proposed, score } = track
  return {
    id, label, proposed, score,
    first: spans[0]?.[0] ?? 0,
    last: (spans.at(-1)?.[1] ?? 1) - 1,
    keys: track.keyframes.filter(({ outside }) => !outside).length,
  }
}
