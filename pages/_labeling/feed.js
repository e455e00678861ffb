// Hands the server's news to the annotator, which may not be mounted yet.
export default ({ data }) => {
  window.__tpodFeed = data
  window.dispatchEvent(new CustomEvent("tpod-feed", { detail: data }))
}
