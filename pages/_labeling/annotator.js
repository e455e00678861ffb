/**
 * The labelling screen around the drawing canvas.
 * 
 * The person is always ahead of the server: `shown` is the frame on the picture at once, the
 * canvas (which only the server can fill) follows and takes the pointer only when in step.
 */

import { apiUrl } from "../_shared/api.js"
import { component } from "../_shared/component.js"
import { BoxStore } from "./box_store.js"
import { DrawingController } from "./drawing_controller.js"
import { Editing, SELECT_FIRST } from "./editing.js"
import { newestFeed } from "./feed.js"
import { activeElement } from "./focus.js"
import { FrameBoxes } from "./frame_boxes.js"
import { FrameStore } from "./frame_store.js"
import { handleKey } from "./keys.js"
import { Navigation } from "./navigation.js"
import { Outbox } from "./outbox.js"
import { PictureHand } from "./picture_hand.js"
import { Presence } from "./presence.js"
import { PropagationStore } from "./propagation_store.js"
import { Screen } from "./screen.js"
import { Selection } from "./selection.js"
import { ServerSync } from "./server_sync.js"
import { TrackVisibility } from "./track_visibility.js"
import { View } from "./view.js"
import { ViewGestures } from "./view_gestures.js"

/**
 * @typedef {object} VideoFacts what stays the same for a whole visit; see `view.py`
 * @property {number} id
 * @property {string} name
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {string} back
 */

const LABEL_FIRST = "Add a label first: write the name of what you want to find on the right."
/** What is taken for an empty place may have a box that has not come yet. */
const BOXES_FIRST = "The boxes of this frame are still on their way."

export class Annotator {
  /**
   * @param {HTMLElement} root
   * @param {VideoFacts} video
   * @param {(name: string, value: unknown) => void} setState
   */
  constructor(root, video, setState) {
    this.root = root
    this.video = video
    this.setState = setState
    /** @type {import("./server_sync.js").Feed | null} */
    this.feed = null
    this.shown = 0
    this.direction = 1
    this.abort = new AbortController()
    const api = apiUrl(`/videos/${video.id}`)
    this.outbox = new Outbox((message) => this.setState("outbox", message))
    this.frames = new FrameStore(api, video.width, () => this.paint())
    this.sync = new ServerSync(this)
    this.boxes = new BoxStore(api, () => this.sync.boxesCame())
    this.propagation = new PropagationStore(api, this.sync)
    this.here = new FrameBoxes(this)
    this.selection = new Selection(this)
    this.go = new Navigation(this)
    this.edit = new Editing(this)
    this.visibility = new TrackVisibility(video.id, (tracks) => this.edit.act("aside", { tracks }))
    this.drawing = new DrawingController(() => canvasHolder(), {
      changed: () => this.edit.commit(),
      putBox: (rect, target) => this.edit.putBox(rect, target),
      ready: () => this.ready,
      fallbackLayer: (event) => this.fallbackLayer(event),
      picked: (track) => this.#picked(track),
      dragging: () => this.paint(),
      refused: (sentence) => this.say(sentence, true),
      zoom: () => this.view.zoom,
      smallest: () => [5 / this.here.scale[0], 5 / this.here.scale[1]],
    })
    this.view = new View()
    this.screen = new Screen(this)
    this.drawing.listenOn(this.screen.stage.picture)
    this.presence = new Presence(api, this.abort.signal, () => this.sync.peopleCame())
    this.#listen()
    this.#hear()
  }

  #listen() {
    const options = { capture: true, signal: this.abort.signal }
    window.addEventListener("keydown", (event) => handleKey(this, event), options)
    window.addEventListener("keyup", () => this.go.rest(), options)
    window.addEventListener("tpod-feed", () => this.#hear(), options)
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

  /** A new video takes a new annotator. @param {import("../_shared/component.js").Call<VideoFacts>} call */
  update({ data, setStateValue }) {
    if (JSON.stringify(data) !== JSON.stringify(this.video)) return false
    this.setState = setStateValue
    this.paint()
    return true
  }

  #hear() {
    const feed = newestFeed()
    if (feed) this.sync.receive(feed)
  }

  /** @param {number | null} track @returns {boolean} true where choosing a track to merge was all */
  #picked(track) {
    if (this.edit.mergeWith(track)) return true
    this.selection.pick(track)
    return false
  }

  destroy() {
    this.abort.abort()
    clearInterval(this.heartbeat)
    for (const part of [this.drawing, this.go, this.propagation, this.presence, this.screen]) part.destroy()
  }

  // ---- what is going on --------------------------------------------------------------------

  /** The server is about to show something else: what is drawn now would be drawn for nothing. */
  get changing() {
    return this.outbox.changing || !this.roomIsKnown
  }

  /** The server has sized the canvas for the room that there is. */
  get roomIsKnown() {
    return String(this.screen.stage.wh) === String(this.feed?.stage)
  }

  /** Nothing is under way, here or on the way to the server. */
  get idle() {
    return this.inStep && this.outbox.empty && !this.drawing.drag && !this.unsaved && this.go.atRest
  }

  get unsaved() {
    return this.drawing.unsent || this.outbox.unsaved
  }

  /** The canvas has the boxes of this very frame, and its picture is here. */
  get inStep() {
    const { feed, go } = this
    return Boolean(
      feed?.canvas && !go.playing && !go.scrubbing && feed.visit.frame === this.shown &&
        this.sync.settledVisit === feed.visit.sentinel && this.frames.get(this.shown),
    )
  }

  /** The canvas takes the pointer. */
  get ready() {
    return this.inStep && !this.changing && Boolean(this.feed?.labels.length)
  }

  /**
   * Until it does, the picture takes the pointer; null where there is nothing to draw on yet.
   * @param {MouseEvent} event
   * @returns {import("./drawing_controller.js").Layer | null}
   */
  fallbackLayer(event) {
    const hand = new PictureHand(this.view, this.screen.stage.picture)
    const { painted } = this.screen
    const isSeen = (painted === this.shown || this.go.playing) && hand.covers(event)
    if (!isSeen || this.outbox.silent || !this.feed) return null
    const draws = event.shiftKey || this.drawing.forceDraw
    const missing = !this.feed.labels.length ? LABEL_FIRST : draws || this.here.isKnown ? "" : BOXES_FIRST
    if (missing) {
      this.say(missing)
      return null
    }
    // While it plays, the next frame may be due and not painted yet: the one seen was pressed.
    if (this.go.playing) this.shown = painted ?? this.shown
    this.go.settle()
    const rects = this.here.withAhead(this.here.withinReach(this.here.all))
    return { hand, rects, active: rects.find(({ track }) => track && track === this.selection.track) ?? null }
  }

  // ---- what is known -----------------------------------------------------------------------

  /** The frames known so far: an import may still be finding more. */
  get last() {
    return Math.max(0, (this.feed?.frames ?? 1) - 1)
  }

  get canvasSize() {
    return this.feed?.canvas ?? this.screen.stage.fit(this.video)
  }

  /** @returns {Record<string, string>} */
  get colors() {
    return Object.fromEntries((this.feed?.labels ?? []).map(({ name, color }) => [name, color]))
  }

  /** The label of the next box. */
  get label() {
    const chosen = this.outbox.acts.findLast(({ kind }) => kind === "label" || kind === "add_label")
    return chosen?.name ?? this.feed?.label
  }

  escape() {
    const { help, stage } = this.screen
    if (help.open) return help.close()
    this.drawing.forceDraw = false
    stage.toasts.close()
    if (this.edit.letGo()) return this.paint()
    activeElement(this.root)?.blur()
    this.selection.clear()
  }

  /** @param {"hidden" | "locked"} which @param {number[]} [tracks] those meant; else the selected one */
  toggleVisibility(which, tracks = this.edit.meant) {
    if (!tracks.length) return this.say(SELECT_FIRST)
    if (this.drawing.drag) return
    this.visibility.toggle(which, tracks)
    this.paint()
  }

  acceptEnd() {
    const track = this.edit.track?.id
    const end = this.propagation.endOf(track)
    if (!track || end === null) return this.say("Nothing speaks for an end of this track.")
    this.edit.endTrackAt(track, end)
  }

  // ---- what is seen ------------------------------------------------------------------------

  /** @param {number} factor */
  zoomBy(factor) {
    this.view.zoomBy(factor)
    this.paint()
  }

  seeWhole() {
    this.view.whole()
    this.paint()
  }

  seeSelected() {
    const { chosen } = this.edit
    const [rect] = chosen ? this.here.toCanvas([chosen]) : []
    if (!rect) return this.say(SELECT_FIRST)
    this.view.lookAt(rect)
    this.paint()
  }

  paint() {
    this.screen.paint()
  }

  /** @param {string} sentence @param {boolean} [refused] */
  say(sentence, refused = false) {
    this.screen.stage.toasts.say(sentence, refused)
    this.paint()
  }

  /**
   * A refusal that can be answered at once; the offer is {text, run}.
   * @param {string} sentence
   * @param {import("./toasts.js").Offer} offer
   */
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

/** @type {import("../_shared/component.js").Definition<VideoFacts>} */
const definition = {
  style: new URL("./annotator.css", import.meta.url),
  pageStyle: new URL("./page.css", import.meta.url),
  create({ parentElement, data, setStateValue }) {
    const root = /** @type {HTMLElement} */ (parentElement.querySelector(".annotator"))
    return new Annotator(root, data, setStateValue)
  },
}

export default component(definition)
