/** The name of a track: its label and its row id, which an unsaved track lacks. */

/** @typedef {import("./operations.js").TrackRef} TrackRef */

/** @param {TrackRef} id @returns {string} */
export function trackNumber(id) {
  return typeof id === "number" ? String(id) : "…"
}

/** "cup 12". @param {{id: TrackRef, label: string}} track @returns {string} */
export function trackName({ id, label }) {
  return `${label} ${trackNumber(id)}`
}
