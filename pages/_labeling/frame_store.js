/** Frames of the video as decoded images, fetched ahead of the person. */

/** @typedef {{ frame: number, width: number, image: HTMLImageElement | null }} Sharp one frame in more detail, for zooming in */

const FRAMES_KEPT = 180
const AHEAD = 5
const LOADS_AT_ONCE = 4
const RETRY_FRAME_MS = 2000
const SHARPEN_MS = 120 // how long a person rests on a frame before it is fetched in detail
const SHARP_STEP = 640 // few sizes, so that a cache can keep them

const WIDTH_STEP = 160
const NEARLY_FULL = 0.75 // from here on making a frame smaller costs the server more than sending it whole

/**
 * The width to ask of the server for frames that are seen `seen` pixels wide: few widths, so that
 * a cache can keep them.
 * @param {number} seen
 * @param {number} full
 */
export function widthFor(seen, full) {
  return seen >= full * NEARLY_FULL ? full : Math.ceil(seen / WIDTH_STEP) * WIDTH_STEP
}

export class FrameStore {
  /** @param {string} api the video's address @param {number} fullWidth @param {() => void} onLoaded */
  constructor(api, fullWidth, onLoaded) {
    this.api = api
    this.fullWidth = fullWidth
    this.frameCount = 0
    this.onLoaded = onLoaded
    this.width = 0
    /** @type {Map<number, HTMLImageElement>} in order of use, oldest first */
    this.images = new Map()
    /** @type {Sharp | null} */
    this.sharp = null
    /** @type {number[]} */
    this.wanted = []
    /** @type {Set<number>} */
    this.loading = new Set()
    /** @type {Set<number>} to be asked for again in a while */
    this.failed = new Set()
  }

  /** The width asked of the server. @param {number} width */
  resize(width) {
    if (width === this.width) return
    this.width = width
    this.images.clear()
    this.sharp = null
    this.wanted = []
  }

  /** @param {number} frame */
  url(frame) {
    return `${this.api}/frames/${frame}?width=${this.width}`
  }

  /** @param {number} frame @returns {HTMLImageElement | null} */
  get(frame) {
    const image = this.images.get(frame)
    if (!image) return null
    this.images.delete(frame)
    this.images.set(frame, image)
    return image
  }

  /**
   * The most detailed image of a frame that is here.
   * @param {number} frame
   * @returns {HTMLImageElement | null}
   */
  best(frame) {
    return this.sharp?.frame === frame && this.sharp.image ? this.sharp.image : this.get(frame)
  }

  /**
   * Zoomed in, a frame on which the person rests is asked for in the detail that can be seen.
   * @param {number} frame
   * @param {number} width
   */
  sharpen(frame, width) {
    if (!this.width || Math.min(width, this.fullWidth) <= this.width * 1.05) return
    const wanted = Math.min(this.fullWidth, Math.ceil(width / SHARP_STEP) * SHARP_STEP)
    if (this.sharp?.frame === frame && this.sharp.width >= wanted) return
    clearTimeout(this.sharpTimer)
    this.sharp = { frame, width: wanted, image: this.sharp?.frame === frame ? this.sharp.image : null }
    const { sharp } = this
    this.sharpTimer = setTimeout(() => this.#loadSharp(sharp), SHARPEN_MS)
  }

  /** @param {Sharp} sharp */
  async #loadSharp(sharp) {
    const image = new Image()
    image.src = `${this.api}/frames/${sharp.frame}?width=${sharp.width}`
    try {
      await image.decode()
    } catch {
      return // The coarse one stays: it says everything that is needed.
    }
    sharp.image = image
    if (this.sharp === sharp) this.onLoaded()
  }

  /**
   * Fetch `frame` first, then its neighbours in the direction of travel.
   * @param {number} frame
   * @param {number} [direction]
   * @param {number} [ahead]
   */
  want(frame, direction = 1, ahead = AHEAD) {
    const order = [frame]
    for (let step = 1; step <= ahead; step++) order.push(frame + direction * step)
    order.push(frame - direction)
    this.wanted = order.filter(
      (n) => n >= 0 && n < this.frameCount && ![this.images, this.loading, this.failed].some((s) => s.has(n)),
    )
    this.#pump()
  }

  #pump() {
    while (this.width && this.loading.size < LOADS_AT_ONCE && this.wanted.length) {
      const [frame] = this.wanted.splice(0, 1)
      if (frame !== undefined) this.#load(frame)
    }
  }

  /** @param {number} frame */
  async #load(frame) {
    const width = this.width
    const image = new Image()
    this.loading.add(frame)
    image.src = this.url(frame)
    try {
      await image.decode()
      if (width === this.width) this.#keep(frame, image)
    } catch {
      this.#retryLater(frame)
    }
    this.loading.delete(frame)
    this.onLoaded()
    this.#pump()
  }

  /** @param {number} frame @param {HTMLImageElement} image */
  #keep(frame, image) {
    this.images.set(frame, image)
    const [oldest] = this.images.keys()
    if (oldest !== undefined && this.images.size > FRAMES_KEPT) this.images.delete(oldest)
  }

  /** @param {number} frame */
  #retryLater(frame) {
    this.failed.add(frame)
    setTimeout(() => {
      this.failed.delete(frame)
      this.onLoaded()
    }, RETRY_FRAME_MS)
  }
}
