// The boxes of the frame on the screen, in pixels of the frame and of the drawing canvas.

import { UNCERTAIN } from "./box_store.js"

export class FrameBoxes {
  constructor(annotator) {
    this.a = annotator
  }

  // Pixels of the frame per pixel of the canvas, horizontally and vertically.
  get scale() {
    const { width, height } = this.a.canvasSize
    return [this.a.video.width / width, this.a.video.height / height]
  }

  // Whether an empty place is certain to be empty.
  get isKnown() {
    const { feed, shown, boxes } = this.a
    return feed?.visit.frame === shown || Boolean(boxes.on(shown)) || boxes.isEmpty
  }

  get all() {
    const { feed, shown, boxes } = this.a
    if (!feed) return []
    return feed.visit.frame === shown ? feed.boxes : (boxes.on(shown) ?? [])
  }

  // Boxes that the pointer can reach, in canvas pixels.
  withinReach(boxes) {
    return this.toCanvas(boxes.filter(({ track }) => !this.a.visibility.isAside(track)))
  }

  // `rects`, with the boxes that were drawn ahead of the canvas and are still on their way.
  withAhead(rects) {
    const { outbox, shown } = this.a
    const put = outbox.acts.filter(({ kind, frame }) => kind === "put" && frame === shown)
    const ahead = this.toCanvas(put.map(({ track, box }) => ({ track: track || null, box, human: true })))
    const moved = new Map(ahead.map((rect) => [rect.track, rect]))
    const here = rects.map((rect) => (rect.track && moved.has(rect.track) ? { ...rect, ...moved.get(rect.track) } : rect))
    return [...here, ...ahead.filter(({ track }) => !track)]
  }

  toCanvas(boxes) {
    const [sx, sy] = this.scale
    return boxes.map(({ box: [x1, y1, x2, y2], ...rest }) => ({
      ...rest,
      uncertain: !rest.human && this.#doubtOf(rest) >= UNCERTAIN,
      score: this.a.boxes.track(rest.track)?.score,
      x1: x1 / sx, y1: y1 / sy, x2: x2 / sx, y2: y2 / sy,
    }))
  }

  // Of a derived box: propagation's own doubt, and a detector's where one ran.
  #doubtOf({ track, uncertainty }) {
    return Math.max(uncertainty ?? 0, this.a.propagation.doubtOf(track, this.a.shown))
  }
}
