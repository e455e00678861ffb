/** Texts on whether edits are saved. */

/** @typedef {import("./annotations.js").Saving} Saving */

/** The text in the top bar. @param {Saving} saving @param {number} waiting the number of unsaved edits @returns {string} */
export function savingWords(saving, waiting) {
  const edits = waiting === 1 ? "1 edit waits" : `${waiting} edits wait`
  switch (saving) {
    case "loading":
      return "Loading…"
    case "saved":
      return "Saved"
    case "offline":
      return waiting ? `Offline: ${edits} in this browser` : "Offline"
    case "signed_out":
      return waiting ? `Sign in again: ${edits}` : "Sign in again"
    default:
      return waiting ? `Not saved yet (${waiting})` : "Not saved"
  }
}

/**
 * The text of the banner, empty if nothing is wrong.
 * @param {Saving} saving
 * @param {boolean} isDurable whether the browser keeps edits when the tab is closed
 * @param {string} username whose edits these are
 * @returns {string}
 */
export function bannerWords(saving, isDurable, username) {
  const where = isDurable ? "in this browser" : "only in this tab, so do not close it"
  switch (saving) {
    case "offline":
      return `TPOD does not answer. You can continue: edits are kept ${where}, and sent when it is back.`
    case "signed_out":
      return `Your sign-in has expired. Sign in again as ${username} to save. Until then, edits are kept ${where}.`
    case "other_user":
      return `Somebody else is signed in now. Sign in as ${username} to save these edits. Until then, they are kept ${where}.`
    case "no_access":
      return `You no longer have access to this video. Until an administrator gives ${username} access, edits are kept ${where}.`
    case "gone":
      return "This video was deleted. Edits cannot be saved."
    default:
      return isDurable ? "" : "This browser does not let TPOD store anything: unsaved edits are kept only in this tab."
  }
}

/** Whether the user has to sign in. @param {Saving} saving */
export function needsSignIn(saving) {
  return saving === "signed_out" || saving === "other_user"
}
