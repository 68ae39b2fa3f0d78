// Writes the table into docs/SECURITY.md: `node tests/access/write_security_table.ts`.
import { readFileSync, writeFileSync } from "node:fs";
import { PROJECT_DIR } from "../support/server_process.ts";
import { END, securityTable, START } from "./security_table.ts";

const path = `${PROJECT_DIR}docs/SECURITY.md`;
const text = readFileSync(path, "utf8");
const before = text.slice(0, text.indexOf(START) + START.length);
writeFileSync(path, `${before}\n\n${securityTable()}\n\n${text.slice(text.indexOf(END))}`);
