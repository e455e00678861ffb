// How uncertain the boxes between key frames are: of the selected track, else the most of all.

const SPARK_PX = 30
const FULL = 0.6 // an uncertainty that fills the strip: higher ones are rare

class Sparkline {
  constructor(element, seek) {
    this.element = element
    this.canvas = h("canvas", {})
    element.append(this.canvas)
    element.title = "Uncertainty of the boxes between key frames; where a detector went over the video and saw something else, it is higher. W goes to the worst frame."
    element.addEventListener("pointerdown", (event) => {
      if (this.state) dragToSeek(event, element, this.state.frameCount, seek)
    })
  }

  // state: {frameCount, shown, selected, ids, propagation}
  paint(state) {
    this.state = state
    const width = this.element.clientWidth
    if (!width) return
    const context = sharp(this.canvas, width, SPARK_PX)
    const look = lookOf(this.element)
    this.#gutter(context, look)
    this.#curve(context, width)
    const x = Math.round(xOf(state.shown + 0.5, width, state.frameCount))
    context.fillStyle = look.accent
    context.fillRect(x - 1, 0, 2, SPARK_PX)
  }

  #gutter(context, look) {
    const { propagation, selected } = this.state
    context.font = `11px ${look.font}`
    context.textBaseline = "middle"
    context.fillStyle = look.faint
    const words = propagation.pending ? "working it out…" : "uncertainty"
    context.fillText(clipText(context, selected ? `${words} ${selected}` : words, GUTTER_PX - 14), 7, SPARK_PX / 2)
  }

  // One bar for each pixel: the most of its frames, so that no peak is lost in a long video.
  #curve(context, width) {
    const { frameCount, propagation, ids } = this.state
    const highest = new Map()
    const wide = Math.max(1, Math.ceil(xOf(1, width, frameCount) - xOf(0, width, frameCount)))
    for (const [frame, value] of propagation.uncertainties(ids)) {
      const x = Math.floor(xOf(frame, width, frameCount))
      if (value > (highest.get(x) ?? 0)) highest.set(x, value)
    }
    for (const [x, value] of highest) {
      const tall = Math.max(1, Math.min(1, value / FULL) * (SPARK_PX - 6))
      context.fillStyle = value >= UNCERTAIN ? WARNING_COLOR : "#7d8fa9"
      context.fillRect(x, SPARK_PX - 2 - tall, wide, tall)
    }
  }
}
