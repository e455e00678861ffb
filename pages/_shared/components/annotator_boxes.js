// What the server knows beyond the current frame: tracks, ranges, and derived boxes.

const CHUNK_FRAMES = 120

class BoxStore {
  constructor(api, onNews) {
    this.api = api
    this.frameCount = 0
    this.onNews = onNews
    this.revision = -1
    this.document = { tracks: [], ranges: [] }
    this.chunks = new Map()
  }

  // Forget what an older revision said; the old document stays on screen until the new one is here.
  async follow(revision) {
    if (revision === this.revision) return
    this.revision = revision
    this.chunks.clear()
    const document = await fetchJson(`${this.api}/annotations`)
    if (!document || this.revision !== revision) return
    this.document = document
    this.onNews()
  }

  // Boxes of a frame as [{track, label, box, human}], or null while they are on their way.
  on(frame) {
    const start = Math.floor(frame / CHUNK_FRAMES) * CHUNK_FRAMES
    const chunk = this.chunks.get(start)
    if (chunk) return chunk.get(frame) ?? []
    this.#load(start)
    return null
  }

  async #load(start) {
    if (this.chunks.has(start)) return
    this.chunks.set(start, null)
    const revision = this.revision
    const stop = Math.min(start + CHUNK_FRAMES, this.frameCount)
    const answer = await fetchJson(`${this.api}/boxes?start=${start}&stop=${stop}`)
    if (this.revision !== revision) return
    if (!answer) return void this.chunks.delete(start)
    const entries = answer.frames.map(({ frame, boxes }) => [frame, boxes.map(readBox)])
    this.chunks.set(start, new Map(entries))
    this.onNews()
  }
}

function readBox({ track_id, label, box, source, occluded }) {
  return { track: track_id, label, box, human: source !== "linear", occluded }
}

async function fetchJson(url) {
  try {
    const answer = await fetch(url)
    return answer.ok ? await answer.json() : null
  } catch {
    return null // Offline: the outbox says so where it matters.
  }
}
