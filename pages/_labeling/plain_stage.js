/** The stage of the plain mode: its page gets its own style before the space is measured. */

import { createStage } from "../_shared/canvas_stage.js"
import { component } from "../_shared/component.js"

export default component({ pageStyle: new URL("./plain.css", import.meta.url), create: createStage })
