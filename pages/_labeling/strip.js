/** Shared by the strips under the picture: positions of frames, seeking, and theme colours. */

/** @typedef {(frame: number, dropped: boolean) => void} Seek */
/** @typedef {Record<"ink" | "faint" | "line" | "accent" | "done" | "paper" | "font", string>} Theme */

export const GUTTER_PX = 116

/**
 * The x position of a frame, which is the same on all strips: right of a gutter for names.
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
 * Call `seek(frame, dropped)` from pointer-down on a strip until pointer-up.
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

/** The colours of the theme, for painting on a canvas. @param {HTMLElement} element @returns {Theme} */
export function themeOf(element) {
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

/** The distance of at most `slots` marks on `count` frames: 1, 2 or 5 times a power of 10. @param {number} count @param {number} slots @returns {number} */
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
