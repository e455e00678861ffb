// Events that the labelling screen keeps from the rest of the page.

export function stopEvent(event) {
  event.stopImmediatePropagation()
}
