// Run as a process of its own: PORT COMMAND. Pipelines the command without end and reads all answers, until SIGTERM.
import net from "node:net";
import { Buffer } from "node:buffer";
import process from "node:process";

const [port, command] = process.argv.slice(2);
const batch = Buffer.from(`${command}\r\n`.repeat(2000), "latin1");
const socket = net.connect(Number(port), "127.0.0.1");
let answeredBytes = 0;

function flood(): void {
  while (socket.write(batch)) { /* until the socket takes no more */ }
}

socket.on("connect", flood).on("drain", flood);
socket.on("data", (bytes: Buffer) => {
  if (answeredBytes === 0) console.log("flooding");
  answeredBytes += bytes.length;
});
socket.on("close", () => process.exit(1));
process.on("SIGTERM", () => {
  console.log(`${Math.ceil(answeredBytes / 1024 / 1024)} MiB of answers`);
  process.exit(0);
});
