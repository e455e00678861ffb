// The picture: the frame at once, with its boxes, and the drawing canvas over it when in step.

class Stage {
  constructor() {
    this.picture = h("canvas", { class: "picture" })
    this.toast = h("div", { class: "toast", role: "status", hidden: true })
    this.busy = h("div", { class: "busy", hidden: true })
    this.element = h("div", { class: "stage" }, this.picture, this.busy, this.toast)
  }

  get wh() {
    return [this.element.clientWidth, this.element.clientHeight]
  }

  // The largest picture of these proportions that fits; the server sizes the canvas likewise.
  fit({ width, height }) {
    const [w, h_] = this.wh
    const scale = Math.min(w / width, h_ / height)
    return { width: width * scale, height: height * scale }
  }

  // Put the picture in the middle, and the drawing canvas over it. The canvas belongs to
  // another part of the page: it reads its place from variables of the document.
  place({ width, height }, inStep, takesPointer) {
    const { offsetLeft, offsetTop } = this.element
    const [w, h_] = this.wh
    const [left, top] = [Math.round((w - width) / 2), Math.round((h_ - height) / 2)]
    const style = document.documentElement.style
    style.setProperty("--annotator-left", `${offsetLeft + left}px`)
    style.setProperty("--annotator-top", `${offsetTop + top}px`)
    style.setProperty("--annotator-canvas", inStep ? "visible" : "hidden")
    style.setProperty("--annotator-pointer", takesPointer ? "auto" : "none")
    this.picture.style.left = `${left}px`
    this.picture.style.top = `${top}px`
    this.width = Math.round(width)
    this.height = Math.round(height)
  }

  // Start a picture with the frame on it. Without the image the last one stays, boxes and all.
  paintFrame(image, failed) {
    this.busy.textContent = failed ? "This frame cannot be loaded. Trying again…" : "Loading the frame…"
    this.#showBusy(!image)
    if (!image) return null
    const context = sharp(this.picture, this.width, this.height)
    context.drawImage(image, 0, 0, this.width, this.height)
    return context
  }

  #showBusy(on) {
    if (on && !this.busyTimer) this.busyTimer = setTimeout(() => (this.busy.hidden = false), 300)
    if (on) return
    clearTimeout(this.busyTimer)
    this.busyTimer = 0
    this.busy.hidden = true
  }

  say(sentence, refused) {
    this.toast.textContent = sentence
    this.toast.dataset.refused = String(refused)
    this.toast.hidden = false
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => this.hush(), refused ? 7000 : 3500)
  }

  hush() {
    this.toast.hidden = true
  }
}

// Every box of the frame, for the time in which the drawing canvas is not in step.
function paintBoxes(context, rects, colors) {
  for (const { track, label, human, x1, y1, x2, y2 } of rects) {
    const color = colors[label] ?? UNLISTED_COLOR
    context.strokeStyle = color
    context.lineWidth = 2
    context.setLineDash(human ? [] : [7, 4])
    context.strokeRect(x1, y1, x2 - x1, y2 - y1)
    context.setLineDash([])
    paintChip(context, `${label} ${track}`, x1 - 1, y1 - 1, color)
  }
}

// Under the canvas's own boxes: the selected one tinted, and key frames solid at once. The
// canvas keeps its dashes until the next visit, because its arguments must not change now.
function paintUnderlay(context, rects, colors, selected) {
  for (const { track, label, human, x1, y1, x2, y2 } of rects) {
    context.strokeStyle = context.fillStyle = colors[label] ?? UNLISTED_COLOR
    context.lineWidth = 2
    if (human) context.strokeRect(x1, y1, x2 - x1, y2 - y1)
    if (!track || track !== selected) continue
    context.globalAlpha = 0.18
    context.fillRect(x1, y1, x2 - x1, y2 - y1)
    context.globalAlpha = 1
  }
}

const UNLISTED_COLOR = "#888888"

function paintChip(context, text, x, y, color) {
  context.font = "12px system-ui, sans-serif"
  const width = context.measureText(text).width + 12
  const top = y - 24 < 0 ? y + 4 : y - 24
  context.fillStyle = color
  context.fillRect(x, top, width, 20)
  context.fillStyle = isLight(color) ? "#000" : "#fff"
  context.textBaseline = "middle"
  context.fillText(text, x + 6, top + 10)
}

function isLight(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  return 0.299 * r + 0.587 * g + 0.114 * b > 127.5
}
