import assert from "node:assert/strict"
import { test } from "node:test"

import { API_ROOT, apiRootOf, apiUrl } from "../../pages/_shared/api.js"

test("the API is beside the scripts, on any host and sub-path", () => {
  assert.equal(apiRootOf("http://localhost:8501/assets/0a1b/_shared/api.js"), "http://localhost:8501/api/v1")
  assert.equal(apiRootOf("https://lab.example/tpod/assets/0a1b/_shared/api.js"), "https://lab.example/tpod/api/v1")
})

test("a folder named assets above ours is none of ours", () => {
  assert.equal(apiRootOf("https://lab.example/assets/tpod/assets/0a1b/_shared/api.js"), "https://lab.example/assets/tpod/api/v1")
})

test("addresses are made below that root", () => {
  assert.equal(apiUrl("/videos/12"), `${API_ROOT}/videos/12`)
})
