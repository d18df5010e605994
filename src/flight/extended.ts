import { create } from "@bufbuild/protobuf";
import { readIpcStream } from "../arrow/ipc.ts";
import { FlightSqlError } from "../errors.ts";
import { type FlightData, FlightDataSchema } from "../gen/Flight_pb.ts";
import { orAborted } from "./leash.ts";
import { RpcCall, type RpcLimits } from "./rpc.ts";
import type { CallScope } from "./scope.ts";
import { streamError } from "./stream.ts";

/**
 * Reads an `http:` or `https:` location: GET, the ticket unused, the answer an Arrow IPC stream.
 *
 * No credentials, cookies or metadata of the client go with it: such URLs point at object stores and caches, and carry
 * what they need in themselves (Flight.rst, "Extended Location URIs").
 */
export async function* readExtendedLocation(
  url: string,
  scope: CallScope,
  limits: RpcLimits,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): AsyncGenerator<FlightData, void, undefined> {
  // The query of such a URL may be a signature, which is a secret.
  const uri = url.replace(/[?#].*/s, "");
  const where = `GET ${uri}`;
  const stranger = { uri, metadata: {}, limits, isTrusted: false };
  const call = new RpcCall(stranger, { name: "GET", isRead: true, safeUntil: 0 }, scope, where);
  try {
    const { signal } = await call.attempt();
    let response: Response;
    try {
      const answer = fetch(url, {
        headers: { accept: "application/vnd.apache.arrow.stream" },
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal,
      });
      response = await orAborted(signal, answer, ({ body }) => body?.cancel().catch(() => {}));
    } catch (cause) {
      throw new FlightSqlError("unavailable", `${where}: no answer; in a browser, CORS may refuse this page`, {
        cause,
      });
    }
    checkResponse(response, where);
    if (response.body !== null) {
      for await (const { header, body } of readIpcStream(chunks(response.body, signal))) {
        const message = create(FlightDataSchema, { dataHeader: header, dataBody: body });
        call.received();
        call.report?.count(message);
        yield message;
        call.waits();
      }
    }
    call.succeeded();
  } catch (thrown) {
    await call.retry(streamError(thrown, where));
  } finally {
    call.end();
  }
}

function checkResponse(response: Response, where: string): void {
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok) {
    const code =
      response.status === 404 || response.status === 410
        ? "not_found"
        : response.status === 403
          ? "permission_denied"
          : "unavailable";
    throw new FlightSqlError(code, `${where}: HTTP ${response.status}`, { metadata: response.headers });
  }
  // Flight.rst: no type, or application/octet-stream, means an IPC stream.
  if (!/^(application\/(vnd\.apache\.arrow\.stream|octet-stream)\b.*)?$/i.test(type)) {
    throw new FlightSqlError(
      "unimplemented",
      `${where}: the data is "${type}", and only Arrow IPC streams can be read`,
    );
  }
}

/** Safari's ReadableStream cannot be iterated. It ends with the signal, of which its source may know nothing. */
async function* chunks(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
