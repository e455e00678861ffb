// The strip under the picture: where we are, what is labelled, and a lane per track.

const GUTTER_PX = 116
const RULER_PX = 22
const LANE_PX = 15

class Timeline {
  // `on` has seek(frame, dropped), select(track).
  constructor(element, on) {
    this.element = element
    this.on = on
    this.canvas = h("canvas", { class: "timeline-canvas", tabindex: -1 })
    this.spacer = h("div", { class: "timeline-spacer" })
    element.append(this.canvas, this.spacer)
    element.addEventListener("pointerdown", (event) => this.#down(event))
    element.addEventListener("scroll", () => this.paint(this.state))
  }

  // state: {frameCount, shown, tracks, ranges, selected, colors, marking}
  paint(state) {
    if (!state) return
    this.state = state
    const { clientWidth: width, clientHeight: height } = this.element
    if (!width || !height) return
    const context = sharp(this.canvas, width, height)
    this.spacer.style.height = `${RULER_PX + state.tracks.length * LANE_PX}px`
    const style = getComputedStyle(this.element)
    this.look = {
      text: style.getPropertyValue("--ink").trim(),
      faint: style.getPropertyValue("--faint").trim(),
      line: style.getPropertyValue("--line").trim(),
      accent: style.getPropertyValue("--accent").trim(),
      done: style.getPropertyValue("--done").trim(),
      paper: style.getPropertyValue("--paper").trim(),
      font: style.getPropertyValue("font-family"),
    }
    this.#lanes(context, width, height)
    this.#ruler(context, width)
    this.#playhead(context, height)
  }

  #x(frame) {
    const width = this.element.clientWidth - GUTTER_PX - 8
    return GUTTER_PX + (width * frame) / Math.max(1, this.state.frameCount)
  }

  #frameAt(x) {
    const width = this.element.clientWidth - GUTTER_PX - 8
    const frame = Math.floor(((x - GUTTER_PX) / width) * this.state.frameCount)
    return Math.min(Math.max(frame, 0), this.state.frameCount - 1)
  }

  #ruler(context, width) {
    const { look, state } = this
    context.fillStyle = look.paper
    context.fillRect(0, 0, width, RULER_PX)
    for (const [start, stop] of state.ranges) {
      context.fillStyle = look.done
      context.fillRect(this.#x(start), RULER_PX - 5, Math.max(2, this.#x(stop) - this.#x(start)), 3)
    }
    context.font = `10px ${look.font}`
    context.textBaseline = "middle"
    const step = niceStep(state.frameCount, (width - GUTTER_PX) / 80)
    for (let frame = 0; frame < state.frameCount; frame += step) {
      const x = Math.round(this.#x(frame)) + 0.5
      context.fillStyle = look.line
      context.fillRect(x - 0.5, RULER_PX - 8, 1, 8)
      context.fillStyle = look.faint
      context.fillText(String(frame), x + 3, 8)
    }
    context.fillStyle = look.line
    context.fillRect(0, RULER_PX - 1, width, 1)
  }

  #lanes(context, width, height) {
    const { look, state } = this
    state.tracks.forEach((track, index) => {
      const top = RULER_PX + index * LANE_PX - this.element.scrollTop
      if (top < RULER_PX - LANE_PX || top > height) return
      const color = state.colors[track.label] ?? look.faint
      const chosen = track.id === state.selected
      if (chosen) {
        context.fillStyle = look.accent
        context.globalAlpha = 0.14
        context.fillRect(0, top, width, LANE_PX)
        context.globalAlpha = 1
      }
      context.font = `${chosen ? 600 : 400} 11px ${look.font}`
      context.textBaseline = "middle"
      context.fillStyle = chosen ? look.text : look.faint
      context.fillText(clipText(context, `${track.label} ${track.id}`, GUTTER_PX - 28), 20, top + 8)
      context.fillStyle = color
      context.beginPath()
      context.roundRect(7, top + 4, 7, 7, 2)
      context.fill()
      this.#spans(context, track, color, top)
    })
  }

  #spans(context, track, color, top) {
    context.fillStyle = color
    context.globalAlpha = 0.3
    for (const [start, stop] of spansOf(track, this.state.frameCount)) {
      context.fillRect(this.#x(start), top + 5, Math.max(1, this.#x(stop) - this.#x(start)), 5)
    }
    context.globalAlpha = 1
    for (const key of track.keyframes) {
      const x = this.#x(key.frame)
      if (key.outside) context.fillRect(x - 0.5, top + 3, 1, 9)
      else context.fillRect(x - 1, top + 3, 3, 9)
    }
  }

  #playhead(context, height) {
    const { look, state } = this
    const x = Math.round(this.#x(state.shown + 0.5))
    context.fillStyle = look.accent
    context.fillRect(x - 1, 0, 2, height)
    context.beginPath()
    context.roundRect(x - 5, 0, 10, 8, 3)
    context.fill()
  }

  #down(event) {
    if (event.button !== 0 || !this.state) return
    const bounds = this.element.getBoundingClientRect()
    const y = event.clientY - bounds.top
    if (event.clientX - bounds.left > this.element.clientWidth) return // the scroll bar
    const lane = Math.floor((y - RULER_PX + this.element.scrollTop) / LANE_PX)
    const track = y > RULER_PX ? this.state.tracks[lane] : null
    if (track) this.on.select(track.id)
    if (event.clientX - bounds.left < GUTTER_PX) return
    event.preventDefault()
    this.element.setPointerCapture(event.pointerId)
    const seek = (e, dropped) => this.on.seek(this.#frameAt(e.clientX - bounds.left), dropped)
    const move = (e) => seek(e, false)
    const up = (e) => {
      this.element.removeEventListener("pointermove", move)
      seek(e, true)
    }
    this.element.addEventListener("pointermove", move)
    this.element.addEventListener("pointerup", up, { once: true })
    seek(event, false)
  }
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

function niceStep(count, slots) {
  const raw = count / Math.max(1, slots)
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)))
  return Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw))
}

function clipText(context, text, width) {
  if (context.measureText(text).width <= width) return text
  let end = text.length
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end--
  return `${text.slice(0, end)}…`
}
