/** What the script leaves in the page, as its package describes it. */
declare global {
  var tus: typeof import("tus-js-client")
}
export {}
