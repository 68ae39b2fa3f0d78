// A server for run_case_test.ts that does as it is told: `say BYTES` answers them, `later BYTES` does so after 300 ms,
// `count` answers a document with a number that grows,
// `end` closes the connection, `die` ends the process. A command is a line; %0D%0A in BYTES stands for CR LF, so that no
// pause is needed to see where a command ends.
import net from "node:net";
import process from "node:process";

const port = Number(process.argv[process.argv.indexOf("-p") + 1]);

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let unread = "";
  let count = 0;
  const obey = (command: string): void => {
    const bytes = decodeURIComponent(command.replace(/^\w+ ?/, ""));
    if (command.startsWith("say ")) socket.write(bytes, "latin1");
    if (command.startsWith("later ")) setTimeout(() => socket.write(bytes, "latin1"), 300);
    if (command === "count") {
      const document = `---\ncount: ${count++}\n`;
      socket.write(`OK ${document.length}\r\n${document}\r\n`);
    }
    if (command === "end") socket.end();
    if (command === "die") process.exit(3);
  };
  socket.setEncoding("latin1");
  socket.on("data", (bytes) => {
    const lines = (unread + bytes).split("\r\n");
    unread = lines.pop()!;
    lines.forEach(obey);
  });
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
});
server.listen(port, "127.0.0.1");
