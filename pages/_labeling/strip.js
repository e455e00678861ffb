/** The strips under the picture: how frames lie on them, and how they are dragged along. */

/** @typedef {(frame: number, dropped: boolean) => void} Seek */
/** @typedef {Record<"ink" | "faint" | "line" | "accent" | "done" | "paper" | "font", string>} Look */

export const GUTTER_PX = 116

/**
 * The frames lie on both strips in the same way, right of a gutter for names.
 * @param {number} frame
 * @param {number} width
 * @param {number} frameCount
 * @returns {number}
 */
export function xOf(frame, width, frameCount) {
  return GUTTER_PX + ((width - GUTTER_PX - 8) * frame) / Math.max(1, frameCount)
}

/**
 * @param {number} x
 * @param {number} width
 * @param {number} frameCount
 * @returns {number}
 */
export function frameAt(x, width, frameCount) {
  const frame = Math.floor(((x - GUTTER_PX) / (width - GUTTER_PX - 8)) * frameCount)
  return Math.min(Math.max(frame, 0), frameCount - 1)
}

/**
 * From a pointer that went down on a strip until it is up: `seek(frame, dropped)`.
 * @param {PointerEvent} event
 * @param {HTMLElement} element
 * @param {number} frameCount
 * @param {Seek} seek
 */
export function dragToSeek(event, element, frameCount, seek) {
  const { left } = element.getBoundingClientRect()
  if (event.button !== 0 || event.clientX - left < GUTTER_PX) return
  event.preventDefault()
  element.setPointerCapture(event.pointerId)
  /** @param {PointerEvent} e @param {boolean} dropped */
  const to = (e, dropped) => seek(frameAt(e.clientX - left, element.clientWidth, frameCount), dropped)
  /** @param {PointerEvent} e */
  const move = (e) => to(e, false)
  /** @param {PointerEvent} e */
  const up = (e) => {
    element.removeEventListener("pointermove", move)
    to(e, true)
  }
  element.addEventListener("pointermove", move)
  element.addEventListener("pointerup", up, { once: true })
  to(event, false)
}

/** The theme's colours, for what is painted and not styled. @param {HTMLElement} element @returns {Look} */
export function lookOf(element) {
  const style = getComputedStyle(element)
  /** @param {string} name */
  const color = (name) => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: color("ink"),
    faint: color("faint"),
    line: color("line"),
    accent: color("accent"),
    done: color("done"),
    paper: color("paper"),
    font: style.getPropertyValue("font-family"),
  }
}

/** @param {number} count @param {number} slots @returns {number} */
export function niceStep(count, slots) {
  const raw = count / Math.max(1, slots)
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)))
  return Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power)
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 * @returns {string}
 */
export function clipText(context, text, width) {
  if (context.measureText(text).width <= width) return text
  let end = text.length
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end--
  return `${text.slice(0, end)}…`
}
