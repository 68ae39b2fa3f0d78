// Tests that change the user need root.
import process from "node:process";

/** What a test passes as `skip`: false for root, else the reason, printed. With CI=true the test is not skipped. */
export function skipUnlessRoot(): string | false {
  if (process.getuid?.() === 0 || process.env.CI === "true") return false;
  const reason = "only root can become another user";
  console.log(`skipped: ${reason}`);
  return reason;
}
