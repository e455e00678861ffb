// Signs of life: who else works on this video, and how much work went into it.

const BEAT_MS = 10_000
const WORKING_MS = 15_000 // from one act so long the person counts as working

class Presence {
  // `changed` is called with each answer of the server.
  constructor(api, signal, changed) {
    this.url = `${api}/presence`
    this.changed = changed
    this.others = []
    this.effort = null
    this.workedMs = 0
    this.actedAt = -WORKING_MS
    this.countedAt = performance.now()
    for (const type of ["keydown", "mousedown", "wheel"]) {
      window.addEventListener(type, () => this.#act(), { capture: true, passive: true, signal })
    }
    window.addEventListener("pagehide", () => this.#beat(true), { signal })
    document.addEventListener("visibilitychange", () => document.hidden && this.#beat(true), { signal })
    this.timer = setInterval(() => !document.hidden && this.#beat(), BEAT_MS)
    this.#beat()
  }

  destroy() {
    clearInterval(this.timer)
    this.#beat(true)
  }

  #act() {
    this.#count()
    this.actedAt = performance.now()
  }

  // Time since the last count in which the last act was less than WORKING_MS ago.
  #count() {
    const now = performance.now()
    this.workedMs += Math.max(0, Math.min(now, this.actedAt + WORKING_MS) - this.countedAt)
    this.countedAt = now
  }

  async #beat(isLast = false) {
    this.#count()
    const active_s = Number((this.workedMs / 1000).toFixed(1))
    if (isLast && !active_s) return
    this.workedMs = 0
    const answer = await fetchJson(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ active_s }),
      keepalive: isLast,
    })
    if (!answer) this.workedMs += active_s * 1000 // It goes with the next beat.
    else if (!isLast) {
      this.others = answer.others.map(({ username }) => username)
      this.effort = answer.effort
      this.changed()
    }
  }
}

// "12 min · 34 by hand · 18 boxes each": what the work has brought so far.
function effortWords({ seconds, human_boxes, boxes_per_human_box }) {
  const each = boxes_per_human_box.toFixed(boxes_per_human_box < 10 ? 1 : 0)
  return [spent(seconds), `${human_boxes} by hand`, human_boxes ? `${each} boxes each` : ""].filter(Boolean).join(" · ")
}

function spent(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
