// HEAD: what GET would answer, without the body, but with its length.

/** Whether an answer of this status has a body. */
const hasBody = (status: number): boolean => status !== 204 && status !== 304;

/** The same request as GET. */
export function asGet(request: Request): Request {
  return new Request(request.url, { headers: request.headers });
}

/** The answer to GET without its body; an endless one is not read. */
export async function withoutBody(response: Response): Promise<Response> {
  const { status, body } = response;
  const headers = new Headers(response.headers);
  if (headers.get("content-type")?.startsWith("text/event-stream") === true) await body?.cancel();
  else if (hasBody(status)) headers.set("content-length", String((await response.arrayBuffer()).byteLength));
  return new Response(null, { status, headers });
}
