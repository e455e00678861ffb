/**
 * Manages a component that Streamlit mounts.
 *
 * Streamlit calls the default export of a component's script at every change of its data or of
 * the theme, and the function that it returns when the component leaves the page. The script is
 * imported dynamically, so two calls can run at once: the newest one counts.
 */

import { addStylesheet } from "./stylesheet.js"

/**
 * @template Data
 * @typedef {object} Call the argument that Streamlit passes
 * @property {Data} data from Python
 * @property {ShadowRoot} parentElement
 * @property {(name: string, value: unknown) => void} setStateValue
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */
/**
 * @template Data
 * @typedef {object} Part the component's content
 * @property {(call: Call<Data>) => boolean} update false if the content must be created again
 * @property {() => void} destroy
 */
/**
 * @template Data
 * @typedef {object} Definition
 * @property {URL} [style] the stylesheet of the component; nothing is shown before it is loaded
 * @property {URL} [pageStyle] a stylesheet for the page while the component is mounted
 * @property {(call: Call<Data>) => Part<Data>} create
 */

/**
 * The default export of a component's script.
 * @template Data
 * @param {Definition<Data>} definition
 * @returns {(call: Call<Data>) => Promise<() => void>}
 */
export function component(definition) {
  /** @type {WeakMap<ShadowRoot, Mounted<Data>>} */
  const mounted = new WeakMap()
  return (call) => {
    const root = call.parentElement
    const instance = mounted.get(root) ?? new Mounted(root, definition)
    mounted.set(root, instance)
    return instance.render(call, () => mounted.delete(root))
  }
}

/** @template Data */
class Mounted {
  /** @param {ShadowRoot} root @param {Definition<Data>} definition */
  constructor(root, { style, pageStyle, create }) {
    this.sheets = [
      ...(style ? [addStylesheet(root, style)] : []),
      ...(pageStyle ? [addStylesheet(document.head, pageStyle)] : []),
    ]
    this.create = create
    /** @type {Part<Data> | null} */
    this.part = null
    /** @type {Call<Data> | null} */
    this.newest = null
  }

  /**
   * @param {Call<Data>} call
   * @param {() => void} forget
   * @returns {Promise<() => void>} the function that Streamlit calls at the end
   */
  async render(call, forget) {
    this.newest = call
    await Promise.all(this.sheets.map(({ loaded }) => loaded))
    if (this.newest === call) this.#show(call)
    return () => {
      // A superseded call ends too, but must leave the content to its successor.
      if (this.newest !== call) return
      this.#destroy()
      forget()
    }
  }

  /** @param {Call<Data>} call */
  #show(call) {
    if (this.part?.update(call)) return
    this.part?.destroy()
    this.part = this.create(call)
  }

  #destroy() {
    this.part?.destroy()
    for (const { link } of this.sheets) link.remove()
  }
}
