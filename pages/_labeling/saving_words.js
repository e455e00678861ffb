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
  const keeper = isDurable ? "They are kept in this browser" : "They are kept in this tab alone: do not close it"
  switch (saving) {
    case "offline":
      return `TPOD does not answer. You can go on: edits wait and are sent when it is back. ${keeper}.`
    case "signed_out":
      return `Your sign-in has expired. Sign in again as ${username} to save what you do. ${keeper}.`
    case "other_user":
      return `Somebody else is signed in now. These edits are ${username}'s: sign in as ${username} to save them. ${keeper}.`
    case "no_access":
      return `You may not change this video any more. An administrator can give ${username} access again. ${keeper}.`
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
