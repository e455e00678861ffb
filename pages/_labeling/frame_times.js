/** When each frame is shown, as the server knows it: the rate of a video may vary, or be a guess. */

import { fetchJson } from "./fetch_json.js"

/** @typedef {[first: number, startS: number, stepS: number]} Run frames at equal distances, in seconds */
/** @typedef {{fps: number, fps_source: "file" | "guessed" | "given", frame_count: number, runs: Run[]}} Times */

export class FrameTimes {
  /** @type {Times | null} */ #times = null
  #isLoading = false

  /**
   * @param {string} api the video's address
   * @param {number} fps the mean rate, for playing before the times have arrived
   * @param {() => void} onLoaded
   */
  constructor(api, fps, onLoaded) {
    this.api = api
    this.fps = fps
    this.onLoaded = onLoaded
  }

  /** Load the times of the first frames, unless they are known: an import may be adding frames. @param {number} frameCount */
  async cover(frameCount) {
    if (this.#isLoading || (this.#times && this.#times.frame_count >= frameCount)) return
    this.#isLoading = true
    const times = await fetchJson(`${this.api}/times`)
    this.#isLoading = false
    if (!times) return // The next poll asks again.
    this.#times = times
    this.onLoaded()
  }

  /** Seconds after the first frame; null while they are not known. @param {number} frame @returns {number | null} */
  at(frame) {
    const run = this.#times && runOf(this.#times.runs, frame)
    return run ? run[1] + (frame - run[0]) * run[2] : null
  }

  /** How long a frame is shown, in seconds. @param {number} frame */
  lengthOf(frame) {
    const [from, to] = [this.at(frame), this.at(frame + 1)]
    return from === null || to === null ? 1 / this.fps : to - from
  }

  /** `"29.97 fps"`; "" while it is not known, and for a single frame. */
  get rateWords() {
    if (!this.#times || this.#times.frame_count < 2) return ""
    const { fps, fps_source, runs } = this.#times
    const rate = `${Number(fps.toFixed(2))} fps`
    if (fps_source === "guessed") return `about ${rate} (guessed)`
    return runs.length > 1 ? `${rate} on average` : rate
  }

  get isGuessed() {
    return this.#times?.fps_source === "guessed"
  }
}

/** The run of a frame. @param {Run[]} runs in order of their first frames @param {number} frame @returns {Run | undefined} */
function runOf(runs, frame) {
  let [low, high] = [0, runs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle]?.[0] ?? 0) <= frame) low = middle + 1
    else high = middle
  }
  return runs[low - 1]
}
