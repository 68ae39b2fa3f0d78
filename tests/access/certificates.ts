// Certificates for tests, made with openssl: an authority, servers and clients of it, and one that nobody vouches for.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  path(name: string): string;
  pem(name: string): string;
}

/** NAME.pem and NAME.key in the folder: ca, first and second (of localhost and 127.0.0.1), mailer, and forged (CN=mailer). */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void => {
    execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const key = (name: string): void =>
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  const signed = (name: string, subject: string): void => {
    key(name);
    openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${subject}`, "-out", `${name}.csr`);
    const words = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...words, "-out", `${name}.pem`);
  };
  const selfSigned = (name: string, subject: string): void => {
    key(name);
    openssl(
      "req",
      "-x509",
      "-new",
      "-key",
      `${name}.key`,
      "-subj",
      `/CN=${subject}`,
      "-days",
      "2",
      "-out",
      `${name}.pem`,
    );
  };
  writeFileSync(path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  selfSigned("ca", "Test authority");
  selfSigned("forged", "mailer");
  signed("first", "localhost");
  signed("second", "localhost");
  signed("mailer", "mailer");
  return { path, pem: (name) => readFileSync(path(name), "utf8") };
}
