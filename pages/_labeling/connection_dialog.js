/**
 * Closes Streamlit's dialog about a lost connection as soon as it opens: it would cover the screen
 * until somebody closes it, while labelling goes on without that connection. A banner of ours says
 * what there is to say, and goes by itself.
 *
 * Streamlit 1.67 has no option for this. Hidden by a style, the dialog would still hold the focus.
 */

const DIALOG = '[data-testid="stDialog"]'
const TITLE = "Connection error"

/** @param {AbortSignal} signal ends it */
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
