/** Hands what the server shows to the annotator, which may not be mounted yet. */

/** @typedef {import("./server_sync.js").Feed} Feed */

/** @type {Feed | null} */
let newest = null

/** What the server showed last, or null. */
export function newestFeed() {
  return newest
}

/** @param {{ data: Feed }} call of Streamlit */
export default function tell({ data }) {
  newest = data
  window.dispatchEvent(new CustomEvent("tpod-feed", { detail: data }))
}
