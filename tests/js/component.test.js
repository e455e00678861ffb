import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { component } from "../../pages/_shared/component.js"

class FakeLink extends EventTarget {
  href = ""
  removed = false
  remove() {
    this.removed = true
  }
}

/** @type {FakeLink[]} */
let links = []
/** @type {string[]} */
let told = []

const definition = {
  style: new URL("http://tpod/assets/1/a.css"),
  /** @param {import("../../pages/_shared/component.js").Call<string>} call */
  create: ({ data }) => {
    told.push(`create ${data}`)
    return {
      /** @param {import("../../pages/_shared/component.js").Call<string>} call */
      update({ data: newer }) {
        told.push(`update ${newer}`)
        return newer.startsWith(data)
      },
      destroy: () => told.push(`destroy ${data}`),
    }
  },
}

function fakeRoot() {
  const append = (/** @type {FakeLink} */ link) => links.push(link)
  return /** @type {ShadowRoot} */ (/** @type {unknown} */ ({ append }))
}

/** @param {ShadowRoot} parentElement @param {string} data */
const call = (parentElement, data) => ({ parentElement, data, setStateValue: () => {}, setTriggerValue: () => {} })

/** @param {string} [event] */
const answer = (event = "load") => links.forEach((link) => link.dispatchEvent(new Event(event)))

beforeEach(() => {
  links = []
  told = []
  Object.assign(globalThis, { document: { createElement: () => new FakeLink(), head: fakeRoot() } })
})

test("nothing is made before its stylesheets are there", async () => {
  const render = component({ ...definition, pageStyle: new URL("http://tpod/assets/1/page.css") })
  const rendered = render(call(fakeRoot(), "a"))
  assert.deepEqual(links.map(({ href }) => href), ["http://tpod/assets/1/a.css", "http://tpod/assets/1/page.css"])
  await Promise.resolve()
  assert.deepEqual(told, [])
  answer()
  await rendered
  assert.deepEqual(told, ["create a"])
})

test("a second call updates the part, or makes it anew where it cannot be updated", async () => {
  const [render, root] = [component(definition), fakeRoot()]
  const first = render(call(root, "a"))
  answer()
  await first
  await render(call(root, "ab"))
  await render(call(root, "c"))
  assert.deepEqual(told, ["create a", "update ab", "update c", "destroy a", "create c"])
  assert.equal(links.length, 1)
})

test("of two calls under way the newest counts, and the end of the older one ends nothing", async () => {
  const [render, root] = [component(definition), fakeRoot()]
  const calls = [render(call(root, "a")), render(call(root, "b"))]
  answer()
  const [endFirst, endSecond] = await Promise.all(calls)
  assert.deepEqual(told, ["create b"])
  endFirst?.()
  assert.deepEqual(told, ["create b"])
  endSecond?.()
  assert.deepEqual(told, ["create b", "destroy b"])
  assert.deepEqual(links.map(({ removed }) => removed), [true])
})

test("after its end a component begins anew", async () => {
  const [render, root] = [component(definition), fakeRoot()]
  for (const data of ["a", "b"]) {
    const rendered = render(call(root, data))
    answer()
    const end = await rendered
    end()
  }
  assert.deepEqual(told, ["create a", "destroy a", "create b", "destroy b"])
})

test("a stylesheet that cannot be loaded is an error that names it", async () => {
  const rendered = component(definition)(call(fakeRoot(), "a"))
  answer("error")
  await assert.rejects(rendered, /a\.css could not be loaded/)
})
