// Run as a process of its own: PORT ID COUNT. Pipelines COUNT peeks at a job and reads the replies as fast as it may.
import net from "node:net";
import type { Buffer } from "node:buffer";
import process from "node:process";

const [port, id, count] = process.argv.slice(2).map(Number);
const socket = net.connect(port, "127.0.0.1");
let replyBytes = 0;
let received = 0;

socket.on("data", (bytes: Buffer) => {
  if (received === 0) {
    console.log("reading");
    const line = bytes.subarray(0, bytes.indexOf("\r\n")).toString("latin1");
    replyBytes = line.length + 2 + Number(line.split(" ")[2]) + 2;
  }
  received += bytes.length;
  if (received < replyBytes * count) return;
  console.log(`${received / replyBytes} whole replies`);
  process.exit(0);
});
socket.on("close", () => process.exit(1));
socket.write(`peek ${id}\r\n`.repeat(count));
