/** Random ids. `crypto.randomUUID` is not available on plain HTTP, `getRandomValues` is. */

const BYTES = 12

/** 24 hexadecimal digits. @returns {string} */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** The temporary name of an unsaved track. @returns {string} */
export function newTrackName() {
  return `new:${randomId()}`
}
