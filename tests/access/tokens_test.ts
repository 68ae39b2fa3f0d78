// Tokens as text, patterns of tubes, who is who: the parts that decide, one by one.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { sha256 } from "../../src/adapters/node/sha256.ts";
import { Access } from "../../src/access/access.ts";
import { Attempts } from "../../src/access/attempts.ts";
import { STRANGER_LIMITS } from "../../src/access/limits.ts";
import { isToken, parseTokens } from "../../src/access/token_file.ts";
import { readFileSync } from "node:fs";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { identitiesOf, tokenOf } from "./guarded_server.ts";

const SECRET = "Zm9vYmFyYmF6cXV1eA==";
const HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** Each is one line and what is wrong with it. */
const FAULTS: readonly (readonly [string, string])[] = [
  ["mailer", "line 1: expected at least one of put=, reserve=, read=, admin="],
  [`mailer ${SECRET} put=*`, "line 1: word 2: expected put=, reserve=, read=, admin=, token= or expires="],
  [`${SECRET} put=*`, "line 1: name: expected 1 to 64 of A-Z a-z 0-9 . _ @ -, first a letter or digit"],
  ["a put=* token=short", "line 1: token: expected sha256: and 64 hexadecimal digits, or 16 to 200 of"],
  ["a put=* token=sha256:abcd", "line 1: token: expected sha256: and 64 hexadecimal digits, or 16 to 200 of"],
  [`a put=* token=${"x".repeat(201)}`, "line 1: token: expected sha256: and 64 hexadecimal digits"],
  [`a put=* token=${SECRET}\nb put=* token=${SECRET}`, "line 2: token: line 1 has the same"],
  ["a put=*\n\na read=*", "line 3: name: line 1 has the same; give one line several tokens"],
  ["a put=", "line 1: put: expected tube names separated by commas, in which * is any text"],
  ["a put=mail,", "line 1: put: expected tube names separated by commas"],
  ["a put=-x", "line 1: put: expected tube names separated by commas"],
  ["a put=m?il", "line 1: put: expected tube names separated by commas"],
  ["a put=* expires=2027-01-01", "line 1: expires: expected behind the token that it is for"],
  [`a put=* token=${SECRET} expires=tomorrow`, "line 1: expires: expected a date such as 2027-01-31"],
  [`a put=* token=${SECRET} expires=2027-02-30`, "line 1: expires: expected a date such as 2027-01-31"],
  [`a put=* token=${SECRET} expires=2027-13-01`, "line 1: expires: expected a date such as 2027-01-31"],
  [`a put=* token=${SECRET} expires=2027-01-01 expires=2028-01-01`, "line 1: expires: expected once"],
  ["# nothing\n", "expected at least one identity"],
];

describe("token files", () => {
  for (const [text, problem] of FAULTS) {
    it(`refuses ${JSON.stringify(text.slice(0, 50))}, and says where without saying what`, () => {
      const list = parseTokens(text, "tokens", sha256);
      assert("problem" in list, "it was accepted");
      assert(list.problem.startsWith(`tokens: ${problem}`), list.problem);
      assert(!list.problem.includes(SECRET), "a complaint must not hold a token");
    });
  }

  it("reads names, scopes, patterns, several tokens with an end each, comments and any line end", () => {
    const text =
      `# all\r\nmailer put=mail.*,news reserve=mail.* token=${SECRET} expires=2027-01-31  # one\r` +
      `ops admin=* token=sha256:${HEX} token=${
        tokenOf("ops")
      } expires=2027-01-31T18:00:00+02:00\nunix read=*`;
    const list = parseTokens(text, "tokens", sha256);
    assert(!("problem" in list), JSON.stringify(list));
    assertEquals(list.identities.map(({ name }) => name), ["mailer", "ops", "unix"]);
    assertEquals(list.hasPlainTokens, true);
    const [mailer, ops, unix] = list.identities;
    assertEquals(mailer.grants.map(({ scope, pattern }) => `${scope} ${pattern.text}`), [
      "put mail.*",
      "put news",
      "reserve mail.*",
    ]);
    assertEquals(mailer.tokens.map(({ expiresAt }) => expiresAt), [Date.UTC(2027, 0, 31)]);
    assertEquals(ops.tokens.map(({ expiresAt }) => expiresAt), [Infinity, Date.UTC(2027, 0, 31, 16)]);
    assertEquals(ops.tokens[0].digest, Uint8Array.from(HEX.match(/../g)!, (pair) => parseInt(pair, 16)));
    assertEquals(unix.tokens, []);
  });

  it("takes anything without failing otherwise than by a complaint", () => {
    const random = new Random(freshSeed("token files"));
    const pieces = [
      "mailer",
      " ",
      "\n",
      "put=",
      "*",
      ",",
      "token=",
      SECRET,
      "sha256:",
      HEX,
      "expires=",
      "2027-01-01",
      "#",
      "=",
      "\0",
      "é",
    ];
    for (let i = 0; i < 3000; i++) {
      const length = 1 + random.below(12);
      const text = Array.from({ length }, () => pieces[random.below(pieces.length)]).join("");
      const list = parseTokens(text, "tokens", sha256);
      if ("problem" in list) assert(!list.problem.includes(SECRET), list.problem);
      else assert(list.identities.every(({ grants }) => grants.length > 0), text);
    }
  });
});

describe("identities", () => {
  const access = (): Access =>
    new Access(
      identitiesOf(
        `mailer put=mail.* token=${tokenOf("a")} expires=2027-01-01 token=${
          tokenOf("b")
        }\nops admin=* token=sha256:${HEX}`,
      ),
      sha256,
    );
  const before = Date.UTC(2026, 11, 31, 23, 59);
  const after = Date.UTC(2027, 0, 1);

  it("are found by their token, until it ends", () => {
    assertEquals(access().identify(tokenOf("a"), before)?.name, "mailer");
    assertEquals(access().identify(tokenOf("a"), after), null);
    assertEquals(access().identify(tokenOf("b"), after)?.name, "mailer");
    assertEquals(access().identify("test", before), null, "the token of that digest is too short to be one");
    for (
      const wrong of ["", tokenOf("c"), `${tokenOf("b")}x`, tokenOf("b").slice(1), HEX, "x".repeat(10_000)]
    ) {
      assertEquals(access().identify(wrong, before), null, wrong);
    }
  });

  it("have what they were granted, and admin has it all", () => {
    const mailer = access().named("mailer")!;
    const ops = access().named("ops")!;
    assertEquals([mailer.may("put", "mail.a"), mailer.may("put", "mail"), mailer.may("read", "mail.a")], [
      true,
      false,
      false,
    ]);
    assertEquals([mailer.mayAnywhere("put"), mailer.mayEverywhere("put"), mailer.mayAnywhere("admin")], [
      true,
      false,
      false,
    ]);
    assertEquals([
      ops.may("put", "x"),
      ops.may("reserve", "x"),
      ops.may("read", "x"),
      ops.mayEverywhere("read"),
    ], [true, true, true, true]);
    const name = new TextEncoder().encode("mail.b");
    assertEquals([mailer.scopesOfTube(name), mailer.scopesOfTube(name), mailer.scopesOf(name, 0, 4)], [
      1,
      1,
      0,
    ]);
  });

  it("have successors after a reload, or none", () => {
    const known = access();
    const byToken = known.identify(tokenOf("b"), before)!;
    const byName = known.named("ops")!;
    known.replace(identitiesOf(`mailer read=* token=${tokenOf("b")}`));
    assertEquals(known.renewed(byToken)?.may("read", "x"), true);
    assertEquals(known.renewed(byToken)?.may("put", "mail.a"), false);
    assertEquals([known.renewed(byName), known.named("ops")], [null, null]);
    known.replace(identitiesOf(`mailer read=* token=${tokenOf("d")}`));
    assertEquals(known.renewed(byToken), null, "the token is gone, though the name is not");
  });

  it("are compared by digest, with all, to the last byte", () => {
    const source = readFileSync(new URL("../../src/access/access.ts", import.meta.url), "utf8");
    const find = source.slice(
      source.indexOf("private find("),
      source.indexOf("\n  }\n", source.indexOf("private find(")),
    );
    assert(!/\breturn\b(?! found;)|\bbreak\b/.test(find), "a look leaves the loop early");
    const compare = source.slice(source.indexOf("function isEqual"));
    assert(
      /difference \|= a\[i\] \^ b\[i\]/.test(compare) && !/if \(/.test(compare),
      "a comparison leaves early",
    );
  });

  it("are never known by what a token looks like alone", () => {
    assertEquals([
      isToken("x".repeat(15)),
      isToken("x".repeat(16)),
      isToken("x".repeat(200)),
      isToken("x".repeat(201)),
    ], [
      false,
      true,
      true,
      false,
    ]);
    assertEquals([isToken(`${"x".repeat(16)} `), isToken(`${"x".repeat(16)}\n`)], [false, false]);
  });
});

describe("wrong tokens by address", () => {
  const limits = { ...STRANGER_LIMITS, attemptsPerAddress: 3, windowMs: 1000, addresses: 4 };
  const failing = (attempts: Attempts, address: string, times: number, now: number): void => {
    for (let i = 0; i < times; i++) attempts.failed(address, now);
  };

  it("shut an address out until the window's end", () => {
    const attempts = new Attempts(limits);
    failing(attempts, "10.0.0.1", 2, 0);
    assertEquals(attempts.mayTry("10.0.0.1", 0), true);
    failing(attempts, "10.0.0.1", 1, 500);
    assertEquals([
      attempts.mayTry("10.0.0.1", 999),
      attempts.mayTry("10.0.0.2", 999),
      attempts.mayTry("10.0.0.1", 1000),
    ], [false, true, true]);
    failing(attempts, "10.0.0.1", 2, 1500);
    assertEquals(attempts.mayTry("10.0.0.1", 1500), true, "a new window counts anew");
  });

  it("count a network of IPv6 as one, an IPv4 address in any form as itself, and this machine not at all", () => {
    const attempts = new Attempts(limits);
    failing(attempts, "2001:db8:0:1::5", 3, 0);
    failing(attempts, "::ffff:10.0.0.9", 3, 0);
    for (const here of ["127.0.0.1", "::1", "::ffff:127.0.0.1", ""]) failing(attempts, here, 9, 0);
    const tries = ["2001:db8:0:1:ffff::1", "2001:db8:0:2::5", "10.0.0.9", "127.0.0.1", "::1", ""];
    assertEquals(tries.map((address) => attempts.mayTry(address, 1)), [false, true, false, true, true, true]);
  });

  it("remember so many addresses and no more", () => {
    const attempts = new Attempts(limits);
    for (let i = 0; i < 5; i++) failing(attempts, `10.0.0.${i}`, 3, i);
    assertEquals([attempts.mayTry("10.0.0.0", 5), attempts.mayTry("10.0.0.1", 5)], [true, false]);
  });
});
