/** Paints the timeline: a ruler with the fully labelled ranges, and a lane per track. */

import { WARNING_COLOR } from "./box_painting.js"
import { spansOf } from "./spans.js"
import { GUTTER_PX, clipText, niceStep, xOf } from "./strip.js"
import { trackName } from "./track_name.js"

export const RULER_PX = 22
export const LANE_PX = 15

/** @typedef {import("./operations.js").Track} Track */
/**
 * @typedef {object} TimelineState
 * @property {number} frameCount
 * @property {number} shown
 * @property {Track[]} tracks
 * @property {import("./operations.js").Range[]} ranges
 * @property {import("./operations.js").TrackRef | null} selected
 * @property {Record<string, string>} colors by label
 * @property {number | null} rangeFrom the first frame of a range being marked
 * @property {(track: import("./operations.js").TrackRef) => boolean} isHidden
 * @property {(track: import("./operations.js").TrackRef) => number | null} endOf where a track probably ends
 */
/**
 * @typedef {object} PaintTarget
 * @property {CanvasRenderingContext2D} context
 * @property {import("./strip.js").Theme} theme
 * @property {number} width
 * @property {number} height
 * @property {number} scrollTop
 */

/** @param {PaintTarget} target @param {TimelineState} state */
export function paintTimeline(target, state) {
  state.tracks.forEach((track, index) => {
    const top = RULER_PX + index * LANE_PX - target.scrollTop
    if (top >= RULER_PX - LANE_PX && top <= target.height) paintLane(target, state, track, top)
  })
  paintRuler(target, state)
  paintPlayhead(target, state)
}

/** @param {PaintTarget} target @param {TimelineState} state */
function paintRuler({ context, theme, width }, { frameCount, ranges, rangeFrom, shown }) {
  /** @param {number} frame */
  const x = (frame) => xOf(frame, width, frameCount)
  context.fillStyle = theme.paper
  context.fillRect(0, 0, width, RULER_PX)
  context.fillStyle = theme.done
  for (const [start, stop] of ranges) context.fillRect(x(start), RULER_PX - 5, Math.max(2, x(stop) - x(start)), 3)
  if (rangeFrom !== null) {
    const [from, to] = [Math.min(rangeFrom, shown), Math.max(rangeFrom, shown)]
    context.globalAlpha = 0.35
    context.fillRect(x(from), 0, Math.max(2, x(to + 1) - x(from)), RULER_PX)
    context.globalAlpha = 1
  }
  context.font = `10px ${theme.font}`
  context.textBaseline = "middle"
  const step = niceStep(frameCount, (width - GUTTER_PX) / 80)
  for (let frame = 0; frame < frameCount; frame += step) {
    const left = Math.round(x(frame))
    context.fillStyle = theme.line
    context.fillRect(left, RULER_PX - 8, 1, 8)
    context.fillStyle = theme.faint
    context.fillText(String(frame), left + 3.5, 8)
  }
  context.fillStyle = theme.line
  context.fillRect(0, RULER_PX - 1, width, 1)
}

/** @param {PaintTarget} target @param {TimelineState} state @param {Track} track @param {number} top */
function paintLane(target, state, track, top) {
  const { context, theme, width } = target
  if (track.id === state.selected) {
    context.fillStyle = theme.accent
    context.globalAlpha = 0.14
    context.fillRect(0, top, width, LANE_PX)
    context.globalAlpha = 1
  }
  paintName(target, state, track, top)
  context.globalAlpha = state.isHidden(track.id) ? 0.35 : 1
  context.fillStyle = context.strokeStyle = state.colors[track.label] ?? theme.faint
  context.beginPath()
  context.roundRect(7, top + 4, 7, 7, 2)
  if (track.proposed) context.stroke()
  else context.fill()
  paintSpans(target, state, track, top)
  context.globalAlpha = 1
  const end = state.endOf(track.id)
  if (end !== null) paintEnd(context, xOf(end, width, state.frameCount), top)
}

/** @param {PaintTarget} target @param {TimelineState} state @param {Track} track @param {number} top */
function paintName({ context, theme }, { selected }, { id, label }, top) {
  const chosen = id === selected
  context.font = `${chosen ? 600 : 400} 11px ${theme.font}`
  context.textBaseline = "middle"
  context.fillStyle = chosen ? theme.ink : theme.faint
  context.fillText(clipText(context, trackName({ id, label }), GUTTER_PX - 28), 20, top + 8)
}

/** @param {PaintTarget} target @param {TimelineState} state @param {Track} track @param {number} top */
function paintSpans({ context, width }, { frameCount }, track, top) {
  /** @param {number} frame */
  const x = (frame) => xOf(frame, width, frameCount)
  const before = context.globalAlpha
  context.globalAlpha = before * 0.3
  for (const [start, stop] of spansOf(track, frameCount)) {
    context.fillRect(x(start), top + 5, Math.max(1, x(stop) - x(start)), 5)
  }
  context.globalAlpha = before
  for (const { frame, outside } of track.keyframes) {
    if (outside) context.fillRect(x(frame) - 0.5, top + 3, 1, 9)
    else context.fillRect(x(frame) - 1, top + 3, 3, 9)
  }
}

/**
 * Mark the probable end of a track on its lane.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} top
 */
function paintEnd(context, x, top) {
  context.fillStyle = WARNING_COLOR
  context.fillRect(x - 1, top + 1, 2, 13)
  context.beginPath()
  context.moveTo(x, top + 3)
  context.lineTo(x - 6, top + 7.5)
  context.lineTo(x, top + 12)
  context.fill()
}

/** @param {PaintTarget} target @param {TimelineState} state */
function paintPlayhead({ context, theme, width, height }, { shown, frameCount }) {
  const x = Math.round(xOf(shown + 0.5, width, frameCount))
  context.fillStyle = theme.accent
  context.fillRect(x - 1, 0, 2, height)
  context.beginPath()
  context.roundRect(x - 5, 0, 10, 8, 3)
  context.fill()
}
