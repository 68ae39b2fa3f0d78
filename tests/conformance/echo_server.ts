// A server for run_case_test.ts that does as it is told: `say BYTES` answers them, `later BYTES` does so after 300 ms,
// `count` answers a document with a number that grows,
// `end` closes the connection, `die` ends the process. BYTES may hold CR LF: a command ends when no byte follows for 60 ms.
import net from "node:net";
import process from "node:process";

const port = Number(process.argv[process.argv.indexOf("-p") + 1]);

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let said = "";
  let count = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;
  const obey = (): void => {
    const command = said.replace(/\r\n$/, "");
    said = "";
    if (command.startsWith("say ")) socket.write(command.slice(4), "latin1");
    if (command.startsWith("later ")) setTimeout(() => socket.write(command.slice(6), "latin1"), 300);
    if (command === "count") {
      const document = `---\ncount: ${count++}\n`;
      socket.write(`OK ${document.length}\r\n${document}\r\n`);
    }
    if (command === "end") socket.end();
    if (command === "die") process.exit(3);
  };
  socket.setEncoding("latin1");
  socket.on("data", (bytes) => {
    said += bytes;
    clearTimeout(pause);
    pause = setTimeout(obey, 60);
  });
  socket.on("end", () => {
    clearTimeout(pause);
    if (said) obey();
    socket.end();
  });
  socket.on("error", () => socket.destroy());
});
server.listen(port, "127.0.0.1");
