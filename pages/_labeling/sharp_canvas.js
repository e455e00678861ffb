/** A canvas at the resolution of the screen. */

/**
 * A cleared 2D context in CSS pixels, at the resolution of the screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @returns {CanvasRenderingContext2D}
 */
export function sharpContext(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1
  const [w, h_] = [Math.round(width * ratio), Math.round(height * ratio)]
  if (canvas.width !== w || canvas.height !== h_) {
    canvas.width = w
    canvas.height = h_
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  return context
}
