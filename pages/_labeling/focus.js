/** The keyboard focus inside the component's shadow root. */

const PARTS = ["aside", "nav", "header"]

/** The focused element in the tree of an element. @param {Element} element */
export function activeElement(element) {
  const active = /** @type {ShadowRoot | Document} */ (element.getRootNode()).activeElement
  return active instanceof HTMLElement ? active : null
}

/** Focus the next part: the list, the bar below, the bar above, and so on. @param {Element} root */
export function focusNextPart(root) {
  const active = activeElement(root)
  const parts = PARTS.map((name) => root.querySelector(name))
  const index = parts.findIndex((part) => active && part?.contains(active))
  const first = parts[(index + 1) % parts.length]?.querySelector("button, input, a")
  if (first instanceof HTMLElement) first.focus()
}
