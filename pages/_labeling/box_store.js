// What the server knows beyond the current frame: tracks, ranges, and derived boxes.

const CHUNK_FRAMES = 120
const AHEAD_FRAMES = 20
// From here on a derived box looks like a question. On real videos with truth and a key frame
// every 50 frames, 37 % of such boxes miss IoU 0.7; of those below 0.1 it is 3 %.
const UNCERTAIN = 0.3

class BoxStore {
  constructor(api, onNews) {
    this.api = api
    this.frameCount = 0
    this.onNews = onNews
    this.revision = -1
    this.document = { tracks: [], ranges: [] }
    this.chunks = new Map()
    this.stale = new Map() // shown until the newer answer is there
  }

  // Forget what an older revision said; it stays on screen until the newer answer is here.
  async follow(revision) {
    if (revision === this.revision) return
    this.revision = revision
    this.forgetDerived()
    const document = await fetchJson(`${this.api}/annotations`)
    if (!document || this.revision !== revision) return
    this.document = document
    this.read = revision
    this.onNews()
  }

  // There is no box on any frame, and that is certain.
  get isEmpty() {
    return this.read === this.revision && this.document.tracks.length === 0
  }

  // Boxes between key frames were found anew.
  forgetDerived() {
    this.stale = new Map([...this.stale, ...[...this.chunks].filter(([, chunk]) => chunk)])
    this.chunks = new Map()
  }

  keyframes(track) {
    return this.track(track)?.keyframes ?? []
  }

  track(id) {
    return this.document.tracks.find((track) => track.id === id)
  }

  // Boxes of a frame, as `readBox` gives them; older ones or null while they are on their way.
  on(frame) {
    this.#want(chunkOf(frame))
    const chunk = this.chunks.get(chunkOf(frame)) ?? this.stale.get(chunkOf(frame))
    return chunk ? (chunk.get(frame) ?? []) : null
  }

  // Have boxes of the frames around one here before they are shown; older ones will do until then.
  prepare(frame) {
    const ends = [Math.max(0, frame - AHEAD_FRAMES), Math.min(frame + AHEAD_FRAMES, this.frameCount - 1)]
    for (const start of ends.map(chunkOf)) if (!this.stale.has(start)) this.#want(start)
  }

  isFresh(frame) {
    return Boolean(this.chunks.get(chunkOf(frame)))
  }

  #want(start) {
    if (!this.chunks.has(start)) this.#load(start)
  }

  async #load(start) {
    const { chunks } = this
    chunks.set(start, null)
    const stop = Math.min(start + CHUNK_FRAMES, this.frameCount)
    const answer = await fetchJson(`${this.api}/boxes?start=${start}&stop=${stop}`)
    if (this.chunks !== chunks) return
    if (!answer) return void chunks.delete(start)
    const entries = answer.frames.map(({ frame, boxes }) => [frame, boxes.map(readBox)])
    chunks.set(start, new Map(entries))
    this.stale.delete(start)
    this.onNews()
  }
}

// The first frame of the chunk that a frame is in.
function chunkOf(frame) {
  return Math.floor(frame / CHUNK_FRAMES) * CHUNK_FRAMES
}

const DERIVED = new Set(["linear", "visual"])

function readBox({ track_id, label, box, source, occluded, uncertainty, proposed }) {
  return { track: track_id, label, box, human: !DERIVED.has(source), occluded, uncertainty, proposed }
}

// [start, stop) stretches in which a track has a box: from a key frame that shows it to the
// next one that ends it; after the last key frame the box stays.
function spansOf(track, frameCount) {
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

async function fetchJson(url, options) {
  try {
    const answer = await fetch(url, options)
    return answer.ok ? await answer.json() : null
  } catch {
    return null // Offline: the outbox says so where it matters.
  }
}
