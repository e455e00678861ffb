/**
 * Which tracks are hidden and which are locked. This is the person's own view of the video, not
 * part of it: the browser tab keeps it.
 */

/** @typedef {import("./operations.js").TrackRef} TrackRef */

export class TrackVisibility {
  /** @param {number} videoId */
  constructor(videoId) {
    this.key = `tpod-visibility-${videoId}`
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}")
    /** @type {Set<TrackRef>} */
    this.hidden = new Set(kept.hidden)
    /** @type {Set<TrackRef>} */
    this.locked = new Set(kept.locked)
  }

  /** @param {TrackRef} track */
  isHidden(track) {
    return this.hidden.has(track)
  }

  /** @param {TrackRef} track */
  isLocked(track) {
    return this.locked.has(track)
  }

  /** Out of the pointer's reach. @param {TrackRef} track */
  isAside(track) {
    return this.hidden.has(track) || this.locked.has(track)
  }

  get aside() {
    return [...new Set([...this.hidden, ...this.locked])]
  }

  /** Change `tracks` together: all on, or all off where all were on. @param {"hidden" | "locked"} which @param {TrackRef[]} tracks */
  toggle(which, tracks) {
    const set = this[which]
    const off = tracks.every((track) => set.has(track))
    for (const track of tracks) {
      if (off) set.delete(track)
      else set.add(track)
    }
    this.#keep()
  }

  /** Tracks have rows now that had names. @param {ReadonlyMap<TrackRef, number>} named */
  rename(named) {
    const row = (/** @type {TrackRef} */ ref) => named.get(ref) ?? ref
    this.hidden = new Set([...this.hidden].map(row))
    this.locked = new Set([...this.locked].map(row))
    this.#keep()
  }

  #keep() {
    sessionStorage.setItem(this.key, JSON.stringify({ hidden: [...this.hidden], locked: [...this.locked] }))
  }
}
