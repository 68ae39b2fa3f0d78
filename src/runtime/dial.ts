// How this runtime opens connections.

import { dial as dialNode, dialTls as dialTlsNode } from "../adapters/node/dial.ts";
import type { Dial, DialTls } from "../ports/dial.ts";

/** node:net on all three: a client's own work outweighs what a runtime's own sockets would save. */
export const dial: Dial = dialNode;

/** The same in TLS. */
export const dialTls: (options: DialTls) => Dial = dialTlsNode;
