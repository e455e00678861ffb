/** Two tracks that are one object, and one track that is two. As `tpod_core/tracks/joining.py`. */

import { Refused } from "./refused.js"

/** @typedef {import("./operations.js").Keyframe} Keyframe */
/** @typedef {import("./operations.js").Track} Track */

const NAMED_FRAMES = 5

/**
 * `track` with the key frames of `other`. Where the earlier one had ended, the object stays away
 * until the later one begins; where it had not, its box goes on to the later one.
 * @param {Track} track @param {Track} other @returns {Track}
 */
export function merged(track, other) {
  const theirs = new Set(visible(other).map(({ frame }) => frame))
  const both = visible(track).map(({ frame }) => frame).filter((frame) => theirs.has(frame))
  if (both.length) {
    throw new Refused(
      `Both tracks have a key frame on ${listed(both)}: one object has one box. Remove one of the two there first.`,
    )
  }
  /** @type {Map<number, Keyframe>} */
  const joined = new Map()
  const layers = [withoutEndsInside(other, track), withoutEndsInside(track, other), visible(track), visible(other)]
  for (const keyframe of layers.flat()) joined.set(keyframe.frame, keyframe)
  const keyframes = [...joined.values()].sort((a, b) => a.frame - b.frame)
  return { ...track, keyframes, proposed: track.proposed && other.proposed }
}

/**
 * The part before `shown.frame`, ended there, and the part from there on.
 * @param {Track} track
 * @param {Keyframe} shown what the track shows on the frame of the split
 * @param {string} laterId
 * @returns {{earlier: Track, later: Track}}
 */
export function split(track, shown, laterId) {
  const before = track.keyframes.filter(({ frame }) => frame < shown.frame)
  const after = track.keyframes.filter(({ frame }) => frame > shown.frame)
  if (before.every(({ outside }) => outside)) {
    throw new Refused(`The track has no box before frame ${shown.frame}: nothing is left to split off.`)
  }
  return {
    earlier: { ...track, keyframes: [...before, { ...shown, outside: true }] },
    later: { ...track, id: laterId, keyframes: [shown, ...after] },
  }
}

/** @param {Track} track */
function visible({ keyframes }) {
  return keyframes.filter(({ outside }) => !outside)
}

/** The key frames of `track`, less the ends on frames where `other` is on its way. @param {Track} track @param {Track} other */
function withoutEndsInside(track, other) {
  return track.keyframes.filter(({ outside, frame }) => !(outside && isOnItsWay(other, frame)))
}

/** Whether a box moves over `frame` to a later key frame; one merely held does not. @param {Track} track @param {number} frame */
function isOnItsWay({ keyframes }, frame) {
  const before = keyframes.filter((keyframe) => keyframe.frame <= frame)
  return before.length < keyframes.length && before.at(-1)?.outside === false
}

/** @param {number[]} frames */
function listed(frames) {
  const more = frames.length - NAMED_FRAMES
  const named = frames.slice(0, NAMED_FRAMES).join(", ")
  return `${frames.length === 1 ? "frame" : "frames"} ${named}${more > 0 ? ` and ${more} more` : ""}`
}
