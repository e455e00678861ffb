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

  // state: {frameCount, shown, tracks, ranges, selected, colors, rangeFrom, isHidden, endOf}
  paint(state) {
    if (!state) return
    this.state = state
    const { clientWidth: width, clientHeight: height } = this.element
    if (!width || !height) return
    const context = sharp(this.canvas, width, height)
    this.spacer.style.height = `${RULER_PX + state.tracks.length * LANE_PX}px`
    if (state.selected !== this.selected) this.#reveal(state, height)
    this.look = lookOf(this.element)
    this.#lanes(context, width, height)
    this.#ruler(context, width)
    this.#playhead(context, height)
  }

  // Scroll the lane of a track that was just selected into sight.
  #reveal({ tracks, selected }, height) {
    this.selected = selected
    const top = tracks.findIndex(({ id }) => id === selected) * LANE_PX
    if (top < 0) return
    const room = height - RULER_PX - LANE_PX
    this.element.scrollTop = Math.min(Math.max(this.element.scrollTop, top - room), top)
  }

  #x(frame) {
    return xOf(frame, this.element.clientWidth, this.state.frameCount)
  }

  #ruler(context, width) {
    const { look, state } = this
    context.fillStyle = look.paper
    context.fillRect(0, 0, width, RULER_PX)
    for (const [start, stop] of state.ranges) {
      context.fillStyle = look.done
      context.fillRect(this.#x(start), RULER_PX - 5, Math.max(2, this.#x(stop) - this.#x(start)), 3)
    }
    if (state.rangeFrom !== null) {
      const [from, to] = [Math.min(state.rangeFrom, state.shown), Math.max(state.rangeFrom, state.shown)]
      context.fillStyle = look.done
      context.globalAlpha = 0.35
      context.fillRect(this.#x(from), 0, Math.max(2, this.#x(to + 1) - this.#x(from)), RULER_PX)
      context.globalAlpha = 1
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
      context.fillStyle = chosen ? look.ink : look.faint
      context.fillText(clipText(context, `${track.label} ${track.id}`, GUTTER_PX - 28), 20, top + 8)
      context.globalAlpha = state.isHidden(track.id) ? 0.35 : 1
      context.fillStyle = context.strokeStyle = color
      context.beginPath()
      context.roundRect(7, top + 4, 7, 7, 2)
      if (track.proposed) context.stroke()
      else context.fill()
      this.#spans(context, track, color, top)
      context.globalAlpha = 1
      this.#end(context, state.endOf(track.id), top)
    })
  }

  #spans(context, track, color, top) {
    const before = context.globalAlpha
    context.lineWidth = 1
    for (const [start, stop] of spansOf(track, this.state.frameCount)) {
      const place = [this.#x(start), top + 5, Math.max(1, this.#x(stop) - this.#x(start)), 5]
      context.globalAlpha = before * 0.3
      context.fillRect(...place)
    }
    context.globalAlpha = before
    for (const key of track.keyframes) {
      const x = this.#x(key.frame)
      if (key.outside) context.fillRect(x - 0.5, top + 3, 1, 9)
      else context.fillRect(x - 1, top + 3, 3, 9)
    }
  }

  // Here the object is probably gone: a mark on its lane.
  #end(context, frame, top) {
    if (frame === null) return
    const x = this.#x(frame)
    context.fillStyle = WARNING_COLOR
    context.fillRect(x - 1, top + 1, 2, 13)
    context.beginPath()
    context.moveTo(x, top + 3)
    context.lineTo(x - 6, top + 7.5)
    context.lineTo(x, top + 12)
    context.fill()
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
    dragToSeek(event, this.element, this.state.frameCount, this.on.seek)
  }
}

// The frames lie on both strips in the same way, right of a gutter for names.
function xOf(frame, width, frameCount) {
  return GUTTER_PX + ((width - GUTTER_PX - 8) * frame) / Math.max(1, frameCount)
}

function frameAt(x, width, frameCount) {
  const frame = Math.floor(((x - GUTTER_PX) / (width - GUTTER_PX - 8)) * frameCount)
  return Math.min(Math.max(frame, 0), frameCount - 1)
}

// From a pointer that went down on a strip until it is up: `seek(frame, dropped)`.
function dragToSeek(event, element, frameCount, seek) {
  const { left } = element.getBoundingClientRect()
  if (event.button !== 0 || event.clientX - left < GUTTER_PX) return
  event.preventDefault()
  element.setPointerCapture(event.pointerId)
  const to = (e, dropped) => seek(frameAt(e.clientX - left, element.clientWidth, frameCount), dropped)
  const move = (e) => to(e, false)
  const up = (e) => {
    element.removeEventListener("pointermove", move)
    to(e, true)
  }
  element.addEventListener("pointermove", move)
  element.addEventListener("pointerup", up, { once: true })
  to(event, false)
}

// The theme's colours, for what is painted and not styled.
function lookOf(element) {
  const style = getComputedStyle(element)
  const named = ["ink", "faint", "line", "accent", "done", "paper"]
  const look = Object.fromEntries(named.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]))
  return { ...look, font: style.getPropertyValue("font-family") }
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
