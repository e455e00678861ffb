/** An element at the top left of the screen that takes pointer events. */

/** @typedef {{x: number, y: number, id?: number, type?: string, button?: number, shift?: boolean, alt?: boolean}} Pointer */

export class FakeElement extends EventTarget {
  style = { cursor: "" }
  /** @type {number[]} */ captured = []

  getBoundingClientRect() {
    return { left: 0, top: 0 }
  }

  /** @param {number} id */
  setPointerCapture(id) {
    this.captured.push(id)
  }

  /** @param {"down" | "move" | "up" | "cancel"} what @param {Pointer} pointer */
  pointer(what, { x, y, id = 1, type = "mouse", button = 0, shift = false, alt = false }) {
    const event = new Event(`pointer${what}`, { cancelable: true })
    const facts = { clientX: x, clientY: y, pointerId: id, pointerType: type, button, shiftKey: shift, altKey: alt }
    this.dispatchEvent(Object.assign(event, facts))
  }

  /** @param {Pointer} from @param {Pointer} to */
  drag(from, to) {
    this.pointer("down", from)
    this.pointer("move", { ...from, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 })
    this.pointer("move", { ...from, ...to })
    this.pointer("up", { ...from, ...to })
  }
}
