/**
 * The box of a track on any frame, interpolated linearly between its key frames.
 *
 * As in `tpod_core/annotations/interpolation.py`: from an `outside` key frame to the next there is no box, after the last key
 * frame the box stays, and before the first there is none.
 */

/** @typedef {import("./operations.js").Keyframe} Keyframe */
/** @typedef {import("./operations.js").Box} Box */

/**
 * The interpolated key frame on `frame`, or null if the track has no box there.
 * @param {Keyframe[]} keyframes in the order of time
 * @param {number} frame
 * @returns {Keyframe | null}
 */
export function keyframeAt(keyframes, frame) {
  const { left, right } = betweenKeyframes(keyframes, frame)
  if (!left || left.outside) return null
  if (left.frame === frame) return left
  const box = right ? between(left.box, right.box, (frame - left.frame) / (right.frame - left.frame)) : left.box
  return { ...left, frame, box }
}

/**
 * The last key frame up to `frame`, and the first one after it.
 * @param {Keyframe[]} keyframes @param {number} frame
 * @returns {{left: Keyframe | undefined, right: Keyframe | undefined}}
 */
export function betweenKeyframes(keyframes, frame) {
  const index = lastUpTo(keyframes, frame)
  return { left: keyframes[index], right: keyframes[index + 1] }
}

/** The position of the last key frame at or before `frame`, or -1. @param {Keyframe[]} keyframes @param {number} frame */
function lastUpTo(keyframes, frame) {
  let [low, high] = [0, keyframes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (/** @type {Keyframe} */ (keyframes[middle]).frame <= frame) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The box at the fraction `t` (0..1) between `a` and `b`. @param {Box} a @param {Box} b @param {number} t @returns {Box} */
export function between(a, b, t) {
  return [
    a[0] + (b[0] - a[0]) * t,
    a[1] + (b[1] - a[1]) * t,
    a[2] + (b[2] - a[2]) * t,
    a[3] + (b[3] - a[3]) * t,
  ]
}
