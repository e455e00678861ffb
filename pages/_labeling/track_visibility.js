/**
 * Which tracks are hidden and which are locked. This belongs to the user's view, not to the video,
 * and is kept in the browser tab.
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

  /** Whether the pointer cannot select a track. @param {TrackRef} track */
  isUnselectable(track) {
    return this.hidden.has(track) || this.locked.has(track)
  }

  get unselectable() {
    return [...new Set([...this.hidden, ...this.locked])]
  }

  /** Switch `tracks` together: off if all are on, otherwise on. @param {"hidden" | "locked"} which @param {TrackRef[]} tracks */
  toggle(which, tracks) {
    const set = this[which]
    const off = tracks.every((track) => set.has(track))
    for (const track of tracks) {
      if (off) set.delete(track)
      else set.add(track)
    }
    this.#store()
  }

  /** Replace temporary track names by row ids. @param {ReadonlyMap<TrackRef, number>} savedIds */
  rename(savedIds) {
    const row = (/** @type {TrackRef} */ ref) => savedIds.get(ref) ?? ref
    this.hidden = new Set([...this.hidden].map(row))
    this.locked = new Set([...this.locked].map(row))
    this.#store()
  }

  #store() {
    sessionStorage.setItem(this.key, JSON.stringify({ hidden: [...this.hidden], locked: [...this.locked] }))
  }
}
