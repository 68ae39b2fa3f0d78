#!/usr/bin/env node
// The program's first file. It imports next to nothing itself: only what is imported after keepCompiled() is kept compiled.

import process from "node:process";
import { keepCompiled } from "./compiled_modules.ts";

keepCompiled(process.env);
const { run } = await import("./run.ts");
await run();
