// How boxes look. Lines and words have the same size at any zoom.

const UNLISTED_COLOR = "#888888"
const WARNING_COLOR = "#f5a524"
const DOUBT_COLOR = "#ffe23d" // on the picture; no label begins with it
const HANDLE_PX = 8
const CHIP_SIGNS = 24
const DASHES = { human: [], derived: [8, 5], uncertain: [2, 4], proposed: [12, 4, 2, 4] }

// human: set on this frame; derived: from the key frames around; uncertain: derived, and
// probably wrong; proposed: a detector's, until a person accepts it.
function kindOf({ human, uncertain, proposed }) {
  if (proposed) return "proposed"
  if (human) return "human"
  return uncertain ? "uncertain" : "derived"
}

// look: {view, colors, selected, marked (a track to be merged), handles: whether the selected
// box can be taken hold of}.
function paintBoxes(context, rects, look) {
  for (const rect of rects) paintBox(context, rect, look)
  const selected = rects.find(({ track }) => track && track === look.selected)
  if (selected && look.handles) paintHandles(context, selected, look)
}

function paintBox(context, rect, { view, colors, selected, marked }) {
  const { x, y, width, height } = view.onStage(rect)
  const kind = kindOf(rect)
  const color = colors[rect.label] ?? UNLISTED_COLOR
  if (rect.track && (rect.track === selected || rect.track === marked)) {
    context.globalAlpha = 0.2
    context.fillStyle = color
    context.fillRect(x, y, width, height)
    context.globalAlpha = 1
  }
  strokeBox(context, [x, y, width, height], "rgba(0, 0, 0, 0.5)", rect.locked ? 2 : 4, DASHES[kind])
  if (kind === "uncertain") paintDoubt(context, [x - 3, y - 3, width + 6, height + 6])
  strokeBox(context, [x, y, width, height], color, rect.locked ? 1 : 2, DASHES[kind])
  paintChip(context, chipOf(rect, kind), x - 1, y - 1, color, kind)
}

function paintDoubt(context, box) {
  strokeBox(context, box, "rgba(0, 0, 0, 0.6)", 4, [])
  strokeBox(context, box, DOUBT_COLOR, 2, [])
}

function strokeBox(context, box, color, width, dashes) {
  context.strokeStyle = color
  context.lineWidth = width
  context.setLineDash(dashes)
  context.strokeRect(...box)
  context.setLineDash([])
}

function chipOf({ label, track, occluded, locked, score }, kind) {
  const words = [shortened(label ?? ""), track ?? ""].join(" ").trim()
  const sure = kind === "proposed" && score !== null && score !== undefined ? ` ${percent(score)}` : ""
  return `${locked ? "🔒 " : ""}${words}${occluded ? " ◐" : ""}${kind === "uncertain" || kind === "proposed" ? " ?" : ""}${sure}`
}

// A chip with a very long name would lie over half the picture.
function shortened(name) {
  const signs = [...name]
  return signs.length > CHIP_SIGNS ? `${signs.slice(0, CHIP_SIGNS - 1).join("")}…` : name
}

function percent(share) {
  return `${Math.round(share * 100)}%`
}

function paintChip(context, text, x, y, color, kind) {
  if (!text) return
  const fill = kind === "uncertain" ? DOUBT_COLOR : kind === "proposed" ? "#ffffff" : color
  context.font = "12px system-ui, sans-serif"
  const width = context.measureText(text).width + 10
  const top = y < 20 ? y + 2 : y - 18
  context.fillStyle = fill
  context.fillRect(x, top, width, 18)
  context.fillStyle = isLight(fill) ? "#000" : "#fff"
  context.textBaseline = "middle"
  context.fillText(text, x + 5, top + 9.5)
  if (fill === color) return
  context.fillStyle = color // The label's colour stays to be seen.
  context.fillRect(x, top, 3, 18)
}

function paintHandles(context, rect, { view, colors }) {
  context.fillStyle = "#ffffff"
  context.strokeStyle = colors[rect.label] ?? UNLISTED_COLOR
  context.lineWidth = 1.5
  for (const handle of HANDLES) {
    const { x, y } = handleOf(rect, handle)
    const at = view.onStage({ x1: x, y1: y, x2: x, y2: y })
    context.beginPath()
    context.rect(at.x - HANDLE_PX / 2, at.y - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX)
    context.fill()
    context.stroke()
  }
}

function isLight(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
  return 0.299 * r + 0.587 * g + 0.114 * b > 127.5
}
