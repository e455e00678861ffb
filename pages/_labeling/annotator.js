/**
 * The labelling screen, a client of the HTTP API. It shows frames, paints and edits boxes, and
 * saves edits as operations. Streamlit mounts it once; no script runs while the user labels.
 */

import { API_ROOT, apiUrl } from "../_shared/api.js"
import { component } from "../_shared/component.js"
import { Annotations } from "./annotations.js"
import { browserClock } from "./clock.js"
import { closeConnectionDialogs } from "./connection_dialog.js"
import { DrawingController, isOnFrame } from "./drawing_controller.js"
import { Editing, SELECT_FIRST } from "./editing.js"
import { activeElement } from "./focus.js"
import { FrameBoxes } from "./frame_boxes.js"
import { FrameStore } from "./frame_store.js"
import { FrameTimes } from "./frame_times.js"
import { handleKey } from "./keys.js"
import { Navigation } from "./navigation.js"
import { arrivalWords, Presence } from "./presence.js"
import { PropagationStore } from "./propagation_store.js"
import { openStore } from "./queue_store.js"
import { Screen } from "./screen.js"
import { leavesForPlainMode } from "./screen_mode.js"
import { Selection } from "./selection.js"
import { TrackVisibility } from "./track_visibility.js"
import { View } from "./view.js"
import { ViewGestures } from "./view_gestures.js"

/** @typedef {import("./drawing_controller.js").Press} Press */
/** @typedef {import("./operations.js").TrackRef} TrackRef */
/**
 * @typedef {object} VideoFacts the data from Python
 * @property {number} id
 * @property {string} name
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {number} frames
 * @property {string} file names the video's file in the addresses of its frames
 * @property {string} back address of the list of videos
 * @property {import("./owned_entries.js").User} user
 */

const LABEL_FIRST = "Add a label first: enter the name of the objects to find, on the right."
// A place that looks empty may have a box that is not loaded yet.
const BOXES_FIRST = "The boxes of this frame are still loading."

export class Annotator {
  /** The frame on the screen, or about to be. */ shown = 0
  /** In which the user moves through the video: 1 or -1. */ direction = 1
  #abort = new AbortController()

  /** @param {HTMLElement} root @param {VideoFacts} video */
  constructor(root, video) {
    this.root = root
    this.video = video
    this.store = openStore(() => this.paint())
    const { signal } = this.#abort
    const api = apiUrl(`/videos/${video.id}`)
    this.shown = frameInAddress(video)
    this.frames = new FrameStore(api, video.file, video.width, () => this.paint())
    this.frames.frameCount = video.frames
    this.times = new FrameTimes(api, video.fps, () => this.paint())
    this.propagation = new PropagationStore(api, () => this.paint())
    this.annotations = this.#makeAnnotations(api)
    this.frameBoxes = new FrameBoxes(this)
    this.go = new Navigation(this)
    this.edit = new Editing(this)
    this.selection = new Selection(this)
    this.visibility = new TrackVisibility(video.id)
    this.view = new View()
    this.screen = new Screen(this)
    this.drawing = this.#makeDrawing(signal)
    new ViewGestures(this.screen.stage.element, {
      view: this.view,
      changed: () => this.paint(),
      pinchStarted: () => this.drawing.cancel(),
    }, signal)
    this.presence = new Presence(api, video.user.username, signal, (arrived) => this.#announce(arrived))
    this.#listen(signal)
    closeConnectionDialogs(signal)
    void this.times.cover(video.frames)
    void this.annotations.start()
  }

  /** @param {string} api */
  #makeAnnotations(api) {
    const environment = {
      store: this.store, fetch: window.fetch.bind(window), api: API_ROOT, clock: browserClock, random: Math.random,
    }
    return new Annotations(api, this.video, this.video.user, environment, {
      changed: () => this.paint(),
      tracksSaved: (savedIds) => this.#rename(savedIds),
      refused: (sentence) => this.say(sentence, true),
      stepDone: (what, frame) => {
        if (frame !== null && frame !== this.shown) this.say(what)
      },
      polled: ({ frames, people }) => {
        this.frames.frameCount = frames
        void this.times.cover(frames)
        this.presence.update(people)
      },
      boxesChanged: () => this.propagation.startPolling(),
    })
  }

  /** @param {AbortSignal} signal */
  #makeDrawing(signal) {
    return new DrawingController(this.screen.stage.picture, this.view, {
      pressed: (event) => this.#pressed(event),
      hovered: () => this.#press,
      picked: (track) => this.selection.pickOrMerge(track),
      drawn: (target) => this.edit.draw(target),
      moved: ({ track }, target) => this.edit.move(track, this.#isOccluded(track), target),
      refused: (sentence) => this.say(sentence, true),
      changed: () => this.paint(),
    }, signal)
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const options = { capture: true, signal }
    window.addEventListener("keydown", (event) => handleKey(this, event), options)
    for (const type of ["online", "focus"]) window.addEventListener(type, () => this.annotations.wake(), options)
    window.addEventListener("beforeunload", (event) => this.#wouldLose && event.preventDefault(), options)
    window.addEventListener("pagehide", () => void this.annotations.queue.close(), options)
    window.addEventListener("pageshow", (event) => event.persisted && void this.annotations.queue.start(), options)
    document.addEventListener("visibilitychange", () => this.#onVisibilityChange(), options)
  }

  #onVisibilityChange() {
    if (document.hidden) this.annotations.sync.stop()
    else void this.annotations.sync.start()
  }

  /** @param {{data: VideoFacts}} call @returns {boolean} false for another video or user */
  update({ data }) {
    if (data.id !== this.video.id || data.user.id !== this.video.user.id) return false
    this.paint()
    return true
  }

  destroy() {
    this.#abort.abort()
    for (const part of [this.go, this.propagation, this.presence, this.screen]) part.destroy()
    this.annotations.close()
  }

  /** Whether closing the tab would lose edits, because this browser cannot store them. */
  get #wouldLose() {
    return !this.store.isDurable && this.annotations.queue.waiting > 0
  }

  /** Whether the user can draw on the frame on the screen. */
  get ready() {
    const { screen, annotations, go, shown } = this
    return go.isPaused && screen.painted === shown && annotations.isLoaded && annotations.document.labels.length > 0
  }

  /** The last frame known so far: an import may still be adding frames. */
  get last() {
    return Math.max(0, this.frames.frameCount - 1)
  }

  get colors() {
    return Object.fromEntries(this.annotations.document.labels.map(({ name, color }) => [name, color]))
  }

  // ---- the pointer -------------------------------------------------------------------------

  /** @returns {Press} */
  get #press() {
    const rects = this.frameBoxes.selectable
    return { rects, active: rects.find(({ track }) => track === this.selection.track) ?? null }
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    const { stage, painted } = this.screen
    if (!isOnFrame(event, stage.picture, this.view)) return null
    if (painted !== this.shown && !this.go.playing) return null
    const missing = !this.annotations.isLoaded ? BOXES_FIRST : this.edit.labels.length ? "" : LABEL_FIRST
    if (missing) {
      this.say(missing)
      return null
    }
    // While playing, the next frame may be due but not painted: the press means the painted one.
    if (this.go.playing) this.shown = painted ?? this.shown
    this.go.stop()
    activeElement(this.root)?.blur()
    return this.#press
  }

  /** @param {TrackRef} track */
  #isOccluded(track) {
    return this.frameBoxes.all.some((box) => box.track === track && box.occluded)
  }

  /** Replace temporary track names by row ids. @param {ReadonlyMap<TrackRef, number>} savedIds */
  #rename(savedIds) {
    for (const part of [this.selection, this.edit, this.visibility, this.drawing]) part.rename(savedIds)
  }

  escape() {
    const { help, stage } = this.screen
    if (help.open) return help.close()
    this.drawing.forceDraw = false
    this.drawing.cancel()
    stage.toasts.close()
    if (this.edit.cancelPending()) return this.paint()
    activeElement(this.root)?.blur()
    this.selection.pick(null)
  }

  /** @param {"hidden" | "locked"} which @param {TrackRef[]} tracks */
  toggleVisibility(which, tracks = this.edit.track ? [this.edit.track.id] : []) {
    if (!tracks.length) return this.say(SELECT_FIRST)
    if (this.drawing.drag) return
    this.visibility.toggle(which, tracks)
    this.paint()
  }

  acceptEnd() {
    const { track } = this.edit
    const end = track && this.propagation.endOf(track.id)
    if (!track || end === null) return this.say("There is no suggested end of this track.")
    this.edit.endTrackAt(track.id, end)
  }

  // ---- the view ------------------------------------------------------------------------

  /** @param {number} factor */
  zoomBy(factor) {
    this.view.zoomBy(factor)
    this.paint()
  }

  resetView() {
    this.view.reset()
    this.paint()
  }

  zoomToSelected() {
    const [rect] = this.frameBoxes.rects(this.edit.chosen ? [this.edit.chosen] : [])
    if (!rect) return this.say(SELECT_FIRST)
    this.view.zoomTo(rect)
    this.paint()
  }

  paint() {
    this.screen.paint()
  }

  /** @param {string} sentence @param {boolean} refused */
  say(sentence, refused = false) {
    this.screen.stage.toasts.say(sentence, refused)
    this.paint()
  }

  /** @param {string[]} arrived */
  #announce(arrived) {
    if (arrived.length) this.say(arrivalWords(arrived))
    this.paint()
  }

  toggleHelp() {
    const { help } = this.screen
    if (help.open) help.close()
    else help.showModal()
  }
}

/** @param {VideoFacts} video */
function frameInAddress({ frames }) {
  const frame = Number(new URL(location.href).searchParams.get("frame"))
  return Number.isInteger(frame) ? Math.min(Math.max(frame, 0), Math.max(frames - 1, 0)) : 0
}

/** Mounted when the plain mode opens instead. */
const NOTHING = { update: () => true, destroy() {} }

export default component({
  style: new URL("./annotator.css", import.meta.url),
  pageStyle: new URL("./page.css", import.meta.url),
  create: ({ data, parentElement }) => {
    const root = parentElement.querySelector(".annotator")
    if (!(root instanceof HTMLElement) || leavesForPlainMode()) return NOTHING
    return new Annotator(root, data)
  },
})
