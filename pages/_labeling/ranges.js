/** Sets of frames as half-open ranges `[start, stop)`: sorted, disjoint, not empty. */

/** @typedef {import("./operations.js").Range} Range */

/** The union of ranges; adjacent ranges become one. @param {Range[]} ranges @returns {Range[]} */
export function union(ranges) {
  /** @type {Range[]} */
  const result = []
  for (const [start, stop] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(stop, last[1])
    else if (start < stop) result.push([start, stop])
  }
  return result
}

/** `ranges` without the frames from `start` to `stop` (excluded). @param {Range[]} ranges @param {number} start @param {number} stop */
export function without(ranges, start, stop) {
  const pieces = ranges.flatMap(([first, end]) => [
    /** @type {Range} */ ([first, Math.min(end, start)]),
    /** @type {Range} */ ([Math.max(first, stop), end]),
  ])
  return union(pieces.filter(([first, end]) => first < end))
}
