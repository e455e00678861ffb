/**
 * Answers a test of the server: reads cases as JSON, one a line, and writes for each the document
 * that the screen would show, or why the operation would be refused.
 */

import { stdin, stdout } from "node:process"
import { createInterface } from "node:readline"

import { apply } from "../../pages/_labeling/operations.js"
import { Refused } from "../../pages/_labeling/refused.js"

/** @typedef {import("../../pages/_labeling/operations.js").AnnotationDocument} AnnotationDocument */
/** @typedef {import("../../pages/_labeling/operations.js").Operation} Operation */
/** @typedef {import("../../pages/_labeling/operations.js").VideoContext} VideoContext */

/** @param {{document: AnnotationDocument, operations: Operation[], scene: VideoContext}} given */
function answerTo({ document, operations, scene }) {
  try {
    return operations.reduce((before, operation) => apply(before, operation, scene), document)
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message }
    throw error
  }
}

for await (const line of createInterface({ input: stdin })) stdout.write(`${JSON.stringify(answerTo(JSON.parse(line)))}\n`)
