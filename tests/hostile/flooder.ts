// A process that floods ports: `flooder.ts MS PORT...`. It opens connections as fast as it is let and resets them, keeps them
// idle, half closes them, sends half a command, garbage, or a byte now and then. Prints how many it opened.
import net from "node:net";
import process from "node:process";
import { sleep } from "../support/runtime.ts";

/** Connections to each port at a time. */
const PER_ROUND = 12;
const ROUND_MS = 10;
/** Connections that are held; the oldest go. */
const MOST_HELD = 3000;
const TRICKLE_MS = 300;

const WAYS: ((socket: net.Socket) => void)[] = [
  () => {},
  () => {},
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.write("put 0 0 60 100\r\nhalf"),
  (socket) => socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nx:"),
  (socket) => socket.write("no such command\r\n"),
  (socket) => {
    const timer = setInterval(() => socket.destroyed ? clearInterval(timer) : socket.write("x"), TRICKLE_MS);
  },
];

const [ms, ...ports] = process.argv.slice(2).map(Number);
const held: net.Socket[] = [];
let opened = 0;

function open(port: number): void {
  const act = WAYS[opened % WAYS.length];
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.once("connect", () => {
    opened++;
    act(socket);
  });
  held.push(socket);
  if (held.length > MOST_HELD) held.shift()!.destroy();
}

for (const until = performance.now() + ms; performance.now() < until; await sleep(ROUND_MS)) {
  for (const port of ports) for (let i = 0; i < PER_ROUND; i++) open(port);
}
console.log(`opened ${opened}`);
process.exit(0);
