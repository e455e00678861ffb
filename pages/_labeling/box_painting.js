/** Paints boxes. Lines and text have the same size at any zoom. */

import { handleOf, HANDLES } from "./rects.js"
import { trackNumber } from "./track_name.js"
import { percent } from "./words.js"

/** @typedef {import("./frame_boxes.js").BoxRect} BoxRect */
/** @typedef {"human" | "derived" | "uncertain" | "lost" | "proposed"} Kind */
/** @typedef {[x: number, y: number, width: number, height: number]} StageRect */
/**
 * @typedef {object} BoxStyle
 * @property {import("./view.js").View} view
 * @property {Record<string, string>} colors by label
 * @property {import("./operations.js").TrackRef | null} selected track
 * @property {import("./operations.js").TrackRef | null} marked the track to be merged
 * @property {boolean} handles whether the selected box has handles
 */

export const UNLISTED_COLOR = "#888888"
export const WARNING_COLOR = "#f5a524"
const UNCERTAIN_COLOR = "#ffe23d" // no default colour of a label
const LOST_ALPHA = 0.75
const HANDLE_PX = 8
const MAX_CHIP_LENGTH = 24
/** @type {Record<Kind, number[]>} */
const DASHES = { human: [], derived: [8, 5], uncertain: [2, 4], lost: [3, 5], proposed: [12, 4, 2, 4] }

/** What follows the name of a box. @type {Record<Kind, string>} */
const DOUBTS = { human: "", derived: "", uncertain: " ?", lost: " lost?", proposed: " ?" }

/**
 * human: a key frame; derived: from the key frames around it; uncertain: derived, and probably
 * wrong; lost: where its object was seen last; proposed: by a detector, until the user accepts it.
 * @param {Pick<BoxRect, "human" | "uncertain" | "lost" | "proposed">} box
 * @returns {Kind}
 */
export function kindOf({ human, uncertain, lost, proposed }) {
  if (proposed) return "proposed"
  if (human) return "human"
  if (lost) return "lost"
  return uncertain ? "uncertain" : "derived"
}

/**
 * Paint the boxes, and the handles of the selected one on top.
 * @param {CanvasRenderingContext2D} context
 * @param {BoxRect[]} rects
 * @param {BoxStyle} style
 */
export function paintBoxes(context, rects, style) {
  for (const rect of rects) paintBox(context, rect, style)
  const selected = rects.find(({ track }) => track && track === style.selected)
  if (selected && style.handles) paintHandles(context, selected, style)
}

/** @param {CanvasRenderingContext2D} context @param {BoxRect} rect @param {BoxStyle} style */
function paintBox(context, rect, { view, colors, selected, marked }) {
  const { x, y, width, height } = view.onStage(rect)
  const kind = kindOf(rect)
  const color = colors[rect.label ?? ""] ?? UNLISTED_COLOR
  if (rect.track && (rect.track === selected || rect.track === marked)) {
    context.globalAlpha = 0.2
    context.fillStyle = color
    context.fillRect(x, y, width, height)
    context.globalAlpha = 1
  }
  if (kind === "lost") context.globalAlpha = LOST_ALPHA
  strokeBox(context, [x, y, width, height], "rgba(0, 0, 0, 0.5)", rect.locked ? 2 : 4, DASHES[kind])
  if (kind === "uncertain") paintUncertainty(context, [x - 3, y - 3, width + 6, height + 6])
  strokeBox(context, [x, y, width, height], color, rect.locked ? 1 : 2, DASHES[kind])
  paintChip(context, chipOf(rect, kind), x - 1, y - 1, color, kind)
  context.globalAlpha = 1
}

/** @param {CanvasRenderingContext2D} context @param {StageRect} box */
function paintUncertainty(context, box) {
  strokeBox(context, box, "rgba(0, 0, 0, 0.6)", 4, [])
  strokeBox(context, box, UNCERTAIN_COLOR, 2, [])
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {StageRect} box
 * @param {string} color
 * @param {number} width
 * @param {number[]} dashes
 */
function strokeBox(context, box, color, width, dashes) {
  context.strokeStyle = color
  context.lineWidth = width
  context.setLineDash(dashes)
  context.strokeRect(...box)
  context.setLineDash([])
}

/** @param {BoxRect} box @param {Kind} kind @returns {string} */
function chipOf({ label, track, occluded, locked, score }, kind) {
  const words = [shortened(label), track === null ? "" : trackNumber(track)].join(" ").trim()
  const sure = kind === "proposed" && score !== null && score !== undefined ? ` ${percent(score)}` : ""
  return `${locked ? "🔒 " : ""}${words}${occluded ? " ◐" : ""}${DOUBTS[kind]}${sure}`
}

/** Shorten a long name, so that its chip does not cover the picture. @param {string} name */
function shortened(name) {
  const characters = [...name]
  return characters.length > MAX_CHIP_LENGTH ? `${characters.slice(0, MAX_CHIP_LENGTH - 1).join("")}…` : name
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} color
 * @param {Kind} kind
 */
function paintChip(context, text, x, y, color, kind) {
  if (!text) return
  const fill = kind === "uncertain" ? UNCERTAIN_COLOR : kind === "proposed" ? "#ffffff" : color
  context.font = "12px system-ui, sans-serif"
  const width = context.measureText(text).width + 10
  const top = y < 20 ? y + 2 : y - 18
  context.fillStyle = fill
  context.fillRect(x, top, width, 18)
  context.fillStyle = isLight(fill) ? "#000" : "#fff"
  context.textBaseline = "middle"
  context.fillText(text, x + 5, top + 9.5)
  if (fill === color) return
  context.fillStyle = color // Keep the label's colour visible.
  context.fillRect(x, top, 3, 18)
}

/** @param {CanvasRenderingContext2D} context @param {BoxRect} rect @param {BoxStyle} style */
function paintHandles(context, rect, { view, colors }) {
  context.fillStyle = "#ffffff"
  context.strokeStyle = colors[rect.label ?? ""] ?? UNLISTED_COLOR
  context.lineWidth = 1.5
  for (const handle of HANDLES) {
    const { x, y } = handleOf(rect, handle)
    const at = view.onStage({ x1: x, y1: y, x2: x, y2: y })
    context.beginPath()
    context.rect(at.x - HANDLE_PX / 2, at.y - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX)
    context.fill()
    context.stroke()
  }
}

/** @param {string} hex */
function isLight(hex) {
  /** @param {number} start */
  const part = (start) => parseInt(hex.slice(start, start + 2), 16)
  return 0.299 * part(1) + 0.587 * part(3) + 0.114 * part(5) > 127.5
}
