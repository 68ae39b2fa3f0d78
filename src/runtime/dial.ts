// How this runtime opens connections.

import { dial as dialNode } from "../adapters/node/dial.ts";
import type { Dial } from "../ports/dial.ts";

/** node:net on all three: a client's own work outweighs what a runtime's own sockets would save. */
export const dial: Dial = dialNode;
