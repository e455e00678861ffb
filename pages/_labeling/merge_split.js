/** Merges and splits tracks. As `tpod_core/annotations/merge_split.py`. */

import { Refused } from "./refused.js"

/** @typedef {import("./operations.js").Keyframe} Keyframe */
/** @typedef {import("./operations.js").Track} Track */

const MAX_LISTED_FRAMES = 5

/**
 * `track` with the key frames of `other`. If the earlier one has ended, there is no box until the
 * later one begins; otherwise its box moves on to the later one.
 * @param {Track} track @param {Track} other @returns {Track}
 */
export function merged(track, other) {
  const otherFrames = new Set(visible(other).map(({ frame }) => frame))
  const both = visible(track).map(({ frame }) => frame).filter((frame) => otherFrames.has(frame))
  if (both.length) {
    throw new Refused(
      `Both tracks have a key frame on ${listed(both)}: one object has one box. Remove one of them first.`,
    )
  }
  /** @type {Map<number, Keyframe>} */
  const joined = new Map()
  const layers = [withoutEndsWhileMoving(other, track), withoutEndsWhileMoving(track, other), visible(track), visible(other)]
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

/** The key frames of `track` without ends on frames where `other` is moving. @param {Track} track @param {Track} other */
function withoutEndsWhileMoving(track, other) {
  return track.keyframes.filter(({ outside, frame }) => !(outside && isMovingOver(other, frame)))
}

/** Whether a box moves over `frame` to a later key frame, rather than just staying. @param {Track} track @param {number} frame */
function isMovingOver({ keyframes }, frame) {
  const before = keyframes.filter((keyframe) => keyframe.frame <= frame)
  return before.length < keyframes.length && before.at(-1)?.outside === false
}

/** @param {number[]} frames */
function listed(frames) {
  const more = frames.length - MAX_LISTED_FRAMES
  const named = frames.slice(0, MAX_LISTED_FRAMES).join(", ")
  return `${frames.length === 1 ? "frame" : "frames"} ${named}${more > 0 ? ` and ${more} more` : ""}`
}
