/** What of the boxes is under the pointer. Pure. */

import { contains, handleNear, sideNear } from "./rects.js"

const REACH_PX = 7 // how far from a handle it can be taken; on the screen, at any zoom
const SIDE_PX = 4
const SMALLEST_HANDLED_PX = 34 // handles inside smaller boxes would cover them whole

/** @typedef {import("./frame_boxes.js").CanvasBox} CanvasBox */
/** @typedef {{ rect: CanvasBox, handle: string }} Hit an empty handle moves the box */

/**
 * The selected box wins, then the topmost one.
 * @param {import("./rects.js").Point} point
 * @param {CanvasBox[]} rects the lowest first
 * @param {CanvasBox | null} active the selected one
 * @param {number} zoom screen pixels per canvas pixel
 * @returns {Hit | null}
 */
export function hitTest(point, rects, active, zoom) {
  if (active && contains(active, point, REACH_PX / zoom)) {
    const isInsideSmall = isSmall(active, zoom) && contains(active, point)
    const handle = handleNear(active, point, REACH_PX / zoom) || sideNear(active, point, SIDE_PX / zoom)
    return { rect: active, handle: isInsideSmall ? "" : handle }
  }
  const rect = rects.findLast((one) => contains(one, point, 2 / zoom))
  if (!rect) return null
  return { rect, handle: isSmall(rect, zoom) ? "" : handleNear(rect, point, REACH_PX / zoom) }
}

/** @param {CanvasBox} rect @param {number} zoom */
function isSmall({ x1, y1, x2, y2 }, zoom) {
  return Math.min(x2 - x1, y2 - y1) * zoom < SMALLEST_HANDLED_PX
}
