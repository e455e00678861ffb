/** Formats bytes and seconds as text. */

const UNITS = ["bytes", "kB", "MB", "GB"]

/** `"12.3 MB"`, in decimal units as file managers show them. @param {number} bytes @returns {string} */
export function sizeText(bytes) {
  let [amount, unit] = [bytes, 0]
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000
    unit += 1
  }
  return `${amount.toFixed(unit > 1 && amount < 20 ? 1 : 0)} ${UNITS[unit]}`
}

/** `"45 s"` or `"2 min 5 s"`. @param {number} seconds whole @returns {string} */
export function timeText(seconds) {
  const minutes = Math.floor(seconds / 60)
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}
