// Which tracks are hidden and which are locked. This is the person's own view of the video, not
// part of it: the browser tab keeps it, and the server only leaves these boxes off the canvas.

class Reach {
  // `tell` gets the ids of all tracks that the canvas must not have.
  constructor(videoId, tell) {
    this.key = `tpod-reach-${videoId}`
    this.tell = tell
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}")
    this.hidden = new Set(kept.hidden)
    this.locked = new Set(kept.locked)
  }

  isHidden(track) {
    return this.hidden.has(track)
  }

  isLocked(track) {
    return this.locked.has(track)
  }

  get aside() {
    return [...new Set([...this.hidden, ...this.locked])].sort((a, b) => a - b)
  }

  isAside(track) {
    return this.hidden.has(track) || this.locked.has(track)
  }

  // Change `tracks` together: all on, or all off where all were on.
  toggle(which, tracks) {
    const before = String(this.aside)
    const set = this[which]
    const off = tracks.every((track) => set.has(track))
    for (const track of tracks) off ? set.delete(track) : set.add(track)
    sessionStorage.setItem(this.key, JSON.stringify({ hidden: [...this.hidden], locked: [...this.locked] }))
    if (String(this.aside) !== before) this.tell(this.aside)
  }
}
