/** Formats numbers and names as text. */

/** `"Ann, Bea and Cid"`. @param {string[]} names @returns {string} */
export function listed(names) {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
}

/** `"01:02.50"`. @param {number} seconds @returns {string} */
export function clock(seconds) {
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(2, "0")}:${(seconds - minutes * 60).toFixed(2).padStart(5, "0")}`
}

/**
 * "12 min · 34 by hand · 18 boxes each": the work so far.
 * @param {import("./presence.js").Effort} effort
 * @returns {string}
 */
export function effortWords({ seconds, human_boxes, boxes_per_human_box }) {
  const each = boxes_per_human_box.toFixed(boxes_per_human_box < 10 ? 1 : 0)
  return [spent(seconds), `${human_boxes} by hand`, human_boxes ? `${each} boxes each` : ""].filter(Boolean).join(" · ")
}

/** @param {number} seconds @returns {string} */
function spent(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** @param {number} share @returns {string} */
export function percent(share) {
  return `${Math.round(share * 100)}%`
}
