// What every answer tells a browser: run nothing and show nothing that is not ours, guess no types, frame nowhere.

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", CONTENT_SECURITY_POLICY],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-resource-policy", "same-origin"],
  ["cross-origin-opener-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"],
];

/** Sets them, and those in `more`, which win. */
export function dress(response: Response, more: Readonly<Record<string, string>> | null): Response {
  for (const [name, value] of HEADERS) response.headers.set(name, value);
  for (const [name, value] of Object.entries(more ?? {})) response.headers.set(name, value);
  return response;
}
