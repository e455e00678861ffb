/** Label names, as `tpod_core/names.py` cleans and compares them. */

import { Refused } from "./refused.js"

const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
// Format characters but the tags of flags, and what else cannot be seen.
const INVISIBLE = /(?![\u{e0020}-\u{e007f}])(?:\p{Cf}|\p{Variation_Selector}|\u034f|\u115f|\u1160|\u17b4|\u17b5|\u3164|\uffa0)/gu

/** The name as it is stored. @param {string} name */
export function cleanLabelName(name) {
  const clean = name.normalize("NFC").trim()
  if (!nameKey(clean)) throw new Refused("A label needs a name.")
  if (BIDI_CONTROLS.test(clean)) throw new Refused("The name holds characters that turn the direction of text.")
  return clean
}

/** The label of the list that reads the same as `name`. @template {{ name: string }} L @param {L[]} labels @param {string} name */
export function findLabel(labels, name) {
  const clean = name.normalize("NFC").trim()
  return labels.find((label) => label.name === clean) ?? labels.find((label) => nameKey(label.name) === nameKey(name))
}

/** Equal for names that read the same, as "Cup" and " cup". @param {string} name */
function nameKey(name) {
  // Python's casefold, where it differs from lower case in letters that people write.
  const folded = name.normalize("NFKC").toLowerCase().replaceAll("ß", "ss").replaceAll("ς", "σ")
  return folded.normalize("NFKC").replace(INVISIBLE, "").trim()
}
