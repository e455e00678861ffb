/** Finds the box and handle under the pointer. Pure. */

import { contains, handleNear, sideNear } from "./rects.js"

/** @typedef {import("./view.js").Corners} Corners */
/** @typedef {import("./view.js").Point} Point */

export const GRAB_RADIUS_PX = 7 // screen pixels around a handle that grab it, at any zoom
const EDGE_PX = 2
const SIDE_PX = 4
const MIN_HANDLED_PX = 34 // smaller boxes would be covered by their handles

/**
 * The selected box comes first, then the topmost one. An empty handle moves the box.
 * @template {Corners} Rect
 * @param {Point} point
 * @param {Rect[]} rects the lowest first
 * @param {Rect | null} active the selected one
 * @param {number} scale pixels of the screen per pixel of the rects
 * @param {number} radiusPx
 * @returns {{ rect: Rect, handle: string } | null}
 */
export function hitTest(point, rects, active, scale, radiusPx = GRAB_RADIUS_PX) {
  const radius = radiusPx / scale
  if (active && contains(active, point, radius)) {
    const isInsideSmall = isSmall(active, scale) && contains(active, point)
    const handle = handleNear(active, point, radius) || sideNear(active, point, SIDE_PX / scale)
    return { rect: active, handle: isInsideSmall ? "" : handle }
  }
  const rect = rects.findLast((one) => contains(one, point, EDGE_PX / scale))
  if (!rect) return null
  return { rect, handle: isSmall(rect, scale) ? "" : handleNear(rect, point, radius) }
}

/** @param {Corners} rect @param {number} scale */
function isSmall({ x1, y1, x2, y2 }, scale) {
  return Math.min(x2 - x1, y2 - y1) * scale < MIN_HANDLED_PX
}
