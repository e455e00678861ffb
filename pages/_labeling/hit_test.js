/** What of the boxes is under the pointer. Pure. */

import { contains, handleNear, sideNear } from "./rects.js"

/** @typedef {import("./view.js").Corners} Corners */
/** @typedef {import("./view.js").Point} Point */

export const REACH_PX = 7 // how far from a handle it can be taken; on the screen, at any zoom
const EDGE_PX = 2
const SIDE_PX = 4
const SMALLEST_HANDLED_PX = 34 // handles inside smaller boxes would cover them whole

/**
 * The selected box wins, then the topmost one. An empty handle moves the box.
 * @template {Corners} Rect
 * @param {Point} point
 * @param {Rect[]} rects the lowest first
 * @param {Rect | null} active the selected one
 * @param {number} scale pixels of the screen per pixel of the rects
 * @param {number} reachPx
 * @returns {{ rect: Rect, handle: string } | null}
 */
export function hitTest(point, rects, active, scale, reachPx = REACH_PX) {
  const reach = reachPx / scale
  if (active && contains(active, point, reach)) {
    const isInsideSmall = isSmall(active, scale) && contains(active, point)
    const handle = handleNear(active, point, reach) || sideNear(active, point, SIDE_PX / scale)
    return { rect: active, handle: isInsideSmall ? "" : handle }
  }
  const rect = rects.findLast((one) => contains(one, point, EDGE_PX / scale))
  if (!rect) return null
  return { rect, handle: isSmall(rect, scale) ? "" : handleNear(rect, point, reach) }
}

/** @param {Corners} rect @param {number} scale */
function isSmall({ x1, y1, x2, y2 }, scale) {
  return Math.min(x2 - x1, y2 - y1) * scale < SMALLEST_HANDLED_PX
}
