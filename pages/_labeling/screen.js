/** Creates the annotator's elements, and repaints them at most once per animation frame. */

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

const RESIZE_MS = 250
const PANEL_MS = 200
const MIN_STAGE_PX = 50
const AHEAD = { playing: 12, paused: 5 }

export class Screen {
  /** The frame painted on the picture. @type {number | null} */ painted = null
  #request = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #measureTimer
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #panelTimer

  /** @param {Annotator} annotator */
  constructor(annotator) {
    this.a = annotator
    const { root, video, view, annotations, go } = annotator
    this.banner = new Banner(video.user.username)
    this.rejected = new RejectedList({
      retry: (entries) => void annotations.retry(entries),
      discard: (entries) => annotations.dismiss(entries),
      go: (frame) => go.show(frame),
    })
    this.stage = new Stage(view, this.banner.element, this.rejected.element)
    this.bars = new Bars(annotator, video)
    this.help = makeHelp()
    const strip = h("div", { class: "timeline" })
    const spark = h("div", { class: "spark" })
    const side = h("aside", {})
    const seek = (/** @type {number} */ frame, /** @type {boolean} */ dropped) => go.scrub(frame, dropped)
    this.timeline = new Timeline(strip, { seek, select: (/** @type {TrackRef} */ track) => annotator.selection.pickOrMerge(track) })
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
    if (width < MIN_STAGE_PX || height < MIN_STAGE_PX) return
    clearTimeout(this.#measureTimer)
    this.#measureTimer = setTimeout(() => this.#fitFrames(), this.a.frames.width ? RESIZE_MS : 0)
    this.paint()
  }

  /** Request frames at the size at which they are displayed. */
  #fitFrames() {
    const { frames, video, view } = this.a
    this.stage.place(video)
    frames.resize(widthFor((video.width * view.scale) / view.zoom, video.width))
    this.paint()
  }

  /** Repaint soon. `data-ready` is set with the picture, but removed at once: the next press may come before. */
  paint() {
    if (!this.a.ready) this.#updateReady()
    this.#request ||= requestAnimationFrame(() => this.#paintNow())
  }

  #paintNow() {
    const { a } = this
    this.#request = 0
    a.frames.want(a.shown, a.direction, a.go.playing ? AHEAD.playing : AHEAD.paused)
    if (a.annotations.isLoaded) a.annotations.boxes.prefetch(a.shown)
    this.stage.place(a.video)
    a.frames.sharpen(a.shown, a.video.width * a.view.scale * (window.devicePixelRatio || 1))
    this.#paintPicture()
    this.#updateReady()
    this.#paintBars()
    this.#paintStrips()
    this.#paintPanel()
  }

  #updateReady() {
    const { ready, shown, root } = this.a
    root.dataset.ready = ready ? String(shown) : ""
  }

  #paintPicture() {
    const { a } = this
    const context = this.stage.paintFrame(a.frames.best(a.shown), a.frames.failed.has(a.shown))
    if (!context) return
    this.painted = a.shown
    a.root.dataset.painted = String(a.shown)
    const { frameBoxes, visibility, drawing, selection, view, colors, edit } = a
    const locked = frameBoxes.all.filter(({ track }) => visibility.isLocked(track) && !visibility.isHidden(track))
    const rects = drawing.withDrag(frameBoxes.selectable, (corners) => frameBoxes.newRect(corners, edit.label))
    const style = { view, colors, selected: selection.track, marked: edit.merging, handles: a.ready && !drawing.drag }
    paintBoxes(context, [...frameBoxes.rects(locked).map((rect) => ({ ...rect, locked: true })), ...rects], style)
    this.#offerEnd()
  }

  #offerEnd() {
    const { a } = this
    const { track } = a.edit
    const isHere = track && a.propagation.endOf(track.id) === a.shown
    this.stage.offerEnd(isHere ? `${trackName(track)} seems to have left the picture. E ends it here.` : "", () => a.acceptEnd())
  }

  #paintBars() {
    const { a } = this
    const { queue, saving } = a.annotations
    this.bars.paint({
      frame: a.shown,
      last: a.last,
      times: a.times,
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

  /** Repaint the panel, but not while playing or scrubbing: it would flicker. */
  #paintPanel() {
    const { a } = this
    clearTimeout(this.#panelTimer)
    if (!a.go.isPaused) {
      this.#panelTimer = setTimeout(() => this.#paintPanel(), PANEL_MS)
      return
    }
    const { tracks, ranges, labels } = a.annotations.document
    this.panel.paint({
      labels,
      label: a.edit.label,
      colors: a.colors,
      boxes: a.frameBoxes.rects(a.frameBoxes.all),
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
