/** Where in the video a track has boxes. */

/** @typedef {import("./box_store.js").Keyframe} Keyframe */
/** @typedef {import("./box_store.js").Range} Range */

/**
 * [start, stop) stretches in which a track has a box: from a key frame that shows it to the
 * next one that ends it; after the last key frame the box stays.
 * @param {{ keyframes: Pick<Keyframe, "frame" | "outside">[] }} track
 * @param {number} frameCount
 * @returns {Range[]}
 */
export function spansOf(track, frameCount) {
  /** @type {Range[]} */
  const spans = []
  /** @type {number | null} */
  let start = null
  for (const key of track.keyframes) {
    if (!key.outside) start ??= key.frame
    else if (start !== null) {
      spans.push([start, key.frame])
      start = null
    }
  }
  if (start !== null) spans.push([start, frameCount])
  return spans
}
