/**
 * Which tracks are hidden and which are locked. This is the person's own view of the video, not
 * part of it: the browser tab keeps it, and the server only leaves these boxes off the canvas.
 */

export class TrackVisibility {
  /**
   * `tell` gets the ids of all tracks that the canvas must not have.
   * @param {number} videoId
   * @param {(tracks: number[]) => void} tell
   */
  constructor(videoId, tell) {
    this.key = `tpod-visibility-${videoId}`
    this.tell = tell
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}")
    /** @type {Set<number>} */
    this.hidden = new Set(kept.hidden)
    /** @type {Set<number>} */
    this.locked = new Set(kept.locked)
  }

  /** @param {number} track */
  isHidden(track) {
    return this.hidden.has(track)
  }

  /** @param {number} track */
  isLocked(track) {
    return this.locked.has(track)
  }

  get aside() {
    return [...new Set([...this.hidden, ...this.locked])].sort((a, b) => a - b)
  }

  /** @param {number | null} track */
  isAside(track) {
    return track !== null && (this.hidden.has(track) || this.locked.has(track))
  }

  /**
   * Change `tracks` together: all on, or all off where all were on.
   * @param {"hidden" | "locked"} which
   * @param {number[]} tracks
   */
  toggle(which, tracks) {
    const before = String(this.aside)
    const set = this[which]
    const off = tracks.every((track) => set.has(track))
    for (const track of tracks) {
      if (off) set.delete(track)
      else set.add(track)
    }
    sessionStorage.setItem(this.key, JSON.stringify({ hidden: [...this.hidden], locked: [...this.locked] }))
    if (String(this.aside) !== before) this.tell(this.aside)
  }
}
