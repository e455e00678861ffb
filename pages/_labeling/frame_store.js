/** Loads frames of the video as decoded images, some ahead of the one shown. */

/** @typedef {{ frame: number, width: number, image: HTMLImageElement | null }} Sharp one frame at a higher resolution, for zooming in */

const MAX_FRAMES = 180
const AHEAD = 5
const MAX_PARALLEL_LOADS = 4
const RETRY_FRAME_MS = 2000
const SHARPEN_MS = 120 // how long a frame is shown before it is fetched at a higher resolution
const SHARP_STEP = 640 // few sizes, for the cache

const WIDTH_STEP = 160
const NEARLY_FULL = 0.75 // above this share, scaling a frame costs the server more than sending it whole

/**
 * The width to request for frames displayed `displayed` pixels wide: one of few, for the cache.
 * @param {number} displayed
 * @param {number} full
 */
export function widthFor(displayed, full) {
  return displayed >= full * NEARLY_FULL ? full : Math.ceil(displayed / WIDTH_STEP) * WIDTH_STEP
}

export class FrameStore {
  /** @param {string} api the video's address @param {string} file names the video's file @param {number} fullWidth @param {() => void} onLoaded */
  constructor(api, file, fullWidth, onLoaded) {
    this.api = api
    this.file = file
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
    /** @type {Set<number>} to be requested again later */
    this.failed = new Set()
  }

  /** Set the width to request. @param {number} width */
  resize(width) {
    if (width === this.width) return
    this.width = width
    this.images.clear()
    this.sharp = null
    this.wanted = []
  }

  /** @param {number} frame @param {number} [width] */
  url(frame, width = this.width) {
    return `${this.api}/frames/${frame}?width=${width}&file=${this.file}`
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
   * The sharpest loaded image of a frame.
   * @param {number} frame
   * @returns {HTMLImageElement | null}
   */
  best(frame) {
    return this.sharp?.frame === frame && this.sharp.image ? this.sharp.image : this.get(frame)
  }

  /**
   * When zoomed in, load a frame at the resolution of the screen once it is shown for a while.
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
    image.src = this.url(sharp.frame, sharp.width)
    try {
      await image.decode()
    } catch {
      return // The coarse image stays: it is good enough.
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
    while (this.width && this.loading.size < MAX_PARALLEL_LOADS && this.wanted.length) {
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
    if (oldest !== undefined && this.images.size > MAX_FRAMES) this.images.delete(oldest)
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
