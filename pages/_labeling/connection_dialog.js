/**
 * Closes Streamlit's dialog about a lost connection as soon as it opens: it would cover the screen
 * until the user closes it, although labelling works without that connection. Our banner shows
 * the state instead, and disappears by itself.
 *
 * Streamlit 1.67 has no option for this. If hidden by a style, the dialog would keep the focus.
 */

const DIALOG = '[data-testid="stDialog"]'
const TITLE = "Connection error"

/** @param {AbortSignal} signal stops closing them */
export function closeConnectionDialogs(signal) {
  const observer = new MutationObserver(closeOpenDialogs)
  observer.observe(document.body, { childList: true, subtree: true })
  signal.addEventListener("abort", () => observer.disconnect())
  closeOpenDialogs()
}

function closeOpenDialogs() {
  for (const dialog of document.querySelectorAll(DIALOG)) {
    if (!dialog.textContent?.includes(TITLE)) continue
    const close = dialog.querySelector('[aria-label="Close"]')
    if (close instanceof HTMLElement) close.click()
  }
}
