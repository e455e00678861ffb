// The strips under the picture: how frames lie on them, and how they are dragged along.

export const GUTTER_PX = 116

// The frames lie on both strips in the same way, right of a gutter for names.
export function xOf(frame, width, frameCount) {
  return GUTTER_PX + ((width - GUTTER_PX - 8) * frame) / Math.max(1, frameCount)
}

function frameAt(x, width, frameCount) {
  const frame = Math.floor(((x - GUTTER_PX) / (width - GUTTER_PX - 8)) * frameCount)
  return Math.min(Math.max(frame, 0), frameCount - 1)
}

// From a pointer that went down on a strip until it is up: `seek(frame, dropped)`.
export function dragToSeek(event, element, frameCount, seek) {
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
export function lookOf(element) {
  const style = getComputedStyle(element)
  const named = ["ink", "faint", "line", "accent", "done", "paper"]
  const look = Object.fromEntries(named.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]))
  return { ...look, font: style.getPropertyValue("font-family") }
}

export function niceStep(count, slots) {
  const raw = count / Math.max(1, slots)
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)))
  return Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw))
}

export function clipText(context, text, width) {
  if (context.measureText(text).width <= width) return text
  let end = text.length
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end--
  return `${text.slice(0, end)}…`
}
