/** Rectangles, {x1, y1, x2, y2} in pixels of the frame. Pure. */

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
 * @param {number} [reach] pixels outside its line that still count
 */
export function contains({ x1, y1, x2, y2 }, { x, y }, reach = 0) {
  return x >= x1 - reach && x <= x2 + reach && y >= y1 - reach && y <= y2 + reach
}

/**
 * Where a handle of a rectangle is.
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
 * @param {number} reach
 * @returns {string} empty where none is near
 */
export function handleNear(rect, point, reach) {
  return HANDLES.find((handle) => distance(handleOf(rect, handle), point) <= reach) ?? ""
}

/**
 * The side that a point just outside or on the line of a rectangle belongs to.
 * @param {Rect} rect
 * @param {Point} point
 * @param {number} reach
 * @returns {string}
 */
export function sideNear(rect, { x, y }, reach) {
  /** @param {number} a @param {number} b */
  const near = (a, b) => Math.abs(a - b) <= reach
  const vertical = near(y, rect.y1) ? "n" : near(y, rect.y2) ? "s" : ""
  const horizontal = near(x, rect.x1) ? "w" : near(x, rect.x2) ? "e" : ""
  return vertical + horizontal
}

/**
 * A rectangle moved, or pulled at a handle, by `by`; never smaller than `smallest` [w, h].
 * With `keep` a corner keeps the proportions.
 * @param {Rect} rect
 * @param {string} handle
 * @param {Point} by
 * @param {boolean} keep
 * @param {[number, number]} smallest
 * @returns {Rect}
 */
export function adjusted(rect, handle, by, keep, [least, lowest]) {
  const { x1, y1, x2, y2 } = rect
  if (!handle) return { x1: x1 + by.x, y1: y1 + by.y, x2: x2 + by.x, y2: y2 + by.y }
  let [width, height] = [x2 - x1, y2 - y1]
  if (handle.includes("w")) width -= by.x
  if (handle.includes("e")) width += by.x
  if (handle.includes("n")) height -= by.y
  if (handle.includes("s")) height += by.y
  if (keep && handle.length === 2) {
    const scale = Math.max((width + height) / (x2 - x1 + y2 - y1), least / (x2 - x1), lowest / (y2 - y1))
    ;[width, height] = [(x2 - x1) * scale, (y2 - y1) * scale]
  }
  ;[width, height] = [Math.max(width, least), Math.max(height, lowest)]
  return {
    x1: handle.includes("w") ? x2 - width : x1,
    y1: handle.includes("n") ? y2 - height : y1,
    x2: handle.includes("w") ? x2 : x1 + width,
    y2: handle.includes("n") ? y2 : y1 + height,
  }
}
