/** How it stands with what the person did, in words. */

/** @typedef {import("./annotations.js").Saving} Saving */

/** The few words in the top bar. @param {Saving} saving @param {number} waiting how many edits are not saved @returns {string} */
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
 * What the banner says, empty where nothing is wrong.
 * @param {Saving} saving
 * @param {boolean} isDurable whether the browser keeps edits when the tab is closed
 * @param {string} username whose edits these are
 * @returns {string}
 */
export function bannerWords(saving, isDurable, username) {
  const where = isDurable ? "in this browser" : "in this tab alone, so do not close it"
  switch (saving) {
    case "offline":
      return `TPOD does not answer. You can go on: edits are kept ${where}, and sent when it is back.`
    case "signed_out":
      return `Your sign-in has expired. Sign in again as ${username} to save. Until then, edits are kept ${where}.`
    case "other_user":
      return `Somebody else is signed in now. Sign in as ${username} to save these edits. Until then, they are kept ${where}.`
    case "no_access":
      return `You may not change this video any more. Until an administrator gives ${username} access, edits are kept ${where}.`
    case "gone":
      return "This video was deleted. What you do here cannot be saved."
    default:
      return isDurable ? "" : "This browser lets TPOD keep nothing: edits that are not saved yet live in this tab alone."
  }
}

/** Whether signing in is what helps. @param {Saving} saving */
export function needsSignIn(saving) {
  return saving === "signed_out" || saving === "other_user"
}
