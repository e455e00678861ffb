/** The frames on which a track has boxes. */

/** @typedef {import("./operations.js").Keyframe} Keyframe */
/** @typedef {import("./operations.js").Range} Range */

/**
 * The ranges [start, stop) in which a track has a box: from a visible key frame to the next one
 * that is outside; after the last key frame the box stays.
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
