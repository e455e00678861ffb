/** Ids that nobody else makes. `crypto.randomUUID` is missing on plain HTTP; this is not. */

const BYTES = 12

/** 24 hexadecimal digits. @returns {string} */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** The name of a track that the server does not know yet. @returns {string} */
export function newTrackName() {
  return `new:${randomId()}`
}
