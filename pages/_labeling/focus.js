/** Where the keyboard is, inside the component's shadow root. */

const PARTS = ["aside", "nav", "header"]

/** What has the focus in the tree of an element. @param {Element} element */
export function activeElement(element) {
  const active = /** @type {ShadowRoot | Document} */ (element.getRootNode()).activeElement
  return active instanceof HTMLElement ? active : null
}

/** From the picture to the list, the bar below, the bar above, and round again. @param {Element} root */
export function focusNextPart(root) {
  const active = activeElement(root)
  const parts = PARTS.map((name) => root.querySelector(name))
  const at = parts.findIndex((part) => active && part?.contains(active))
  const first = parts[(at + 1) % parts.length]?.querySelector("button, input, a")
  if (first instanceof HTMLElement) first.focus()
}
