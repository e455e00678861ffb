// The drawing canvas's part while that is on its way: the same hand, without a canvas in it.
//
// What is drawn is shown by `paintBoxes` anyway, and goes to the server as an act.

class PictureHand {
  constructor(view, picture) {
    this.view = view
    this.picture = picture
  }

  // Where the pointer is, in canvas pixels, kept inside the canvas.
  at(event) {
    const { width, height } = this.view.canvas
    const { x, y } = this.#pointOf(event)
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) }
  }

  covers(event) {
    const { width, height } = this.view.canvas
    return contains({ x1: 0, y1: 0, x2: width, y2: height }, this.#pointOf(event))
  }

  #pointOf({ clientX, clientY }) {
    const bounds = this.picture.getBoundingClientRect()
    const { left, top, zoom } = this.view
    return { x: (clientX - bounds.left - left) / zoom, y: (clientY - bounds.top - top) / zoom }
  }

  beginDrawing() {}
  drawTo() {}
  endDrawing() {}
  undo() {}
  take() {}
  takeHandle() {}
  pull() {}
}
