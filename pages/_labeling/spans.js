// Where in the video a track has boxes.

// [start, stop) stretches in which a track has a box: from a key frame that shows it to the
// next one that ends it; after the last key frame the box stays.
export function spansOf(track, frameCount) {
  const spans = []
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
