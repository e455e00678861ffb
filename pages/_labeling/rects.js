/** Geometry of rectangles {x1, y1, x2, y2} in pixels of the frame. */

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ x1: number, y1: number, x2: number, y2: number }} Rect */

export const HANDLES = ["nw", "ne", "se", "sw", "n", "e", "s", "w"]

/** @param {Rect} rect @returns {Point} */
function middle({ x1, y1, x2, y2 }) {
  return { x: (x1 + x2) / 2, y: (y1 + y2) / 2 }
}

/** @param {Point} a @param {Point} b @returns {Rect} */
export function between(a, b) {
  return { x1: Math.min(a.x, b.x), y1: Math.min(a.y, b.y), x2: Math.max(a.x, b.x), y2: Math.max(a.y, b.y) }
}

/** @param {Point} a @param {Point} b */
export function distance(a, b) {
  return Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y))
}

/**
 * @param {Rect} rect
 * @param {Point} point
 * @param {number} [margin] pixels outside the rectangle that still count
 */
export function contains({ x1, y1, x2, y2 }, { x, y }, margin = 0) {
  return x >= x1 - margin && x <= x2 + margin && y >= y1 - margin && y <= y2 + margin
}

/**
 * The position of a handle of a rectangle.
 * @param {Rect} rect
 * @param {string} handle
 * @returns {Point}
 */
export function handleOf(rect, handle) {
  const { x, y } = middle(rect)
  /**
   * @param {string} less
   * @param {string} more
   * @param {number} low
   * @param {number} high
   * @param {number} mid
   */
  const on = (less, more, low, high, mid) =>
    handle.includes(less) ? low : handle.includes(more) ? high : mid
  return { x: on("w", "e", rect.x1, rect.x2, x), y: on("n", "s", rect.y1, rect.y2, y) }
}

/**
 * @param {Rect} rect
 * @param {Point} point
 * @param {number} radius
 * @returns {string} empty if none is near
 */
export function handleNear(rect, point, radius) {
  return HANDLES.find((handle) => distance(handleOf(rect, handle), point) <= radius) ?? ""
}

/**
 * The side or corner of a rectangle close to a point.
 * @param {Rect} rect
 * @param {Point} point
 * @param {number} radius
 * @returns {string}
 */
export function sideNear(rect, { x, y }, radius) {
  /** @param {number} a @param {number} b */
  const near = (a, b) => Math.abs(a - b) <= radius
  const vertical = near(y, rect.y1) ? "n" : near(y, rect.y2) ? "s" : ""
  const horizontal = near(x, rect.x1) ? "w" : near(x, rect.x2) ? "e" : ""
  return vertical + horizontal
}

/**
 * A rectangle moved, or resized at a handle, by `by`; never smaller than `minSize` [w, h].
 * With `keepAspect`, a corner keeps the aspect ratio.
 * @param {Rect} rect
 * @param {string} handle
 * @param {Point} by
 * @param {boolean} keepAspect
 * @param {[number, number]} minSize
 * @returns {Rect}
 */
export function adjusted(rect, handle, by, keepAspect, [minWidth, minHeight]) {
  const { x1, y1, x2, y2 } = rect
  if (!handle) return { x1: x1 + by.x, y1: y1 + by.y, x2: x2 + by.x, y2: y2 + by.y }
  let [width, height] = [x2 - x1, y2 - y1]
  if (handle.includes("w")) width -= by.x
  if (handle.includes("e")) width += by.x
  if (handle.includes("n")) height -= by.y
  if (handle.includes("s")) height += by.y
  if (keepAspect && handle.length === 2) {
    const scale = Math.max((width + height) / (x2 - x1 + y2 - y1), minWidth / (x2 - x1), minHeight / (y2 - y1))
    ;[width, height] = [(x2 - x1) * scale, (y2 - y1) * scale]
  }
  ;[width, height] = [Math.max(width, minWidth), Math.max(height, minHeight)]
  return {
    x1: handle.includes("w") ? x2 - width : x1,
    y1: handle.includes("n") ? y2 - height : y1,
    x2: handle.includes("w") ? x2 : x1 + width,
    y2: handle.includes("n") ? y2 : y1 + height,
  }
}
