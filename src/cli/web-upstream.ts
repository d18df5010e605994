import { type IncomingMessage, type OutgoingHttpHeaders, request as request1, type ServerResponse } from "node:http";
import { request as request1OverTls } from "node:https";
import { requestHeaders } from "../bridge/headers.ts";
import { type BreakOff, refuseCall } from "../bridge/relay.ts";

const connectMs = 10_000;

// RFC 9110 §7.6.1; CORS, which is between the server and pages of other origins; and the length, as the status of a call
// that is broken off comes behind what there was of the answer.
const notOurs =
  /^(connection|content-length|keep-alive|proxy-.+|te|trailer|transfer-encoding|upgrade|access-control-.+)$/;

/**
 * Passes one call on to a server that speaks gRPC-Web itself: both bodies byte for byte, in their pace, and whoever goes
 * takes the other along.
 *
 * @param base `http://host:port` or `https://host`, with a path if the service is below one
 */
export function passOn(request: IncomingMessage, response: ServerResponse, base: string): BreakOff {
  const url = new URL(base.replace(/\/+$/, "") + request.url);
  const fail = (reason: Error): void => {
    if (response.headersSent && !response.writableEnded) response.destroy();
    refuseCall(request, response, {}, 14, `no answer of ${url.origin}: ${reason.message}`);
  };
  const open = url.protocol === "https:" ? request1OverTls : request1;
  const upstream = open(url, { method: "POST", headers: webHeaders(request) }, (answer) => {
    const headers = Object.entries(answer.headers).filter(([name]) => !notOurs.test(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
    response.flushHeaders();
    answer.pipe(response);
    answer.once("error", fail);
  });
  const timer = setTimeout(() => upstream.destroy(new Error(`no connection in ${connectMs / 1000} s`)), connectMs);
  upstream.once("socket", (socket) => {
    const connected = (): void => clearTimeout(timer);
    if (!socket.connecting) connected();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
  });
  upstream.on("error", fail);
  upstream.once("close", () => clearTimeout(timer));
  request.pipe(upstream);
  request.on("error", () => {});
  response.on("error", () => {});
  response.once("close", () => {
    if (!response.writableFinished) upstream.destroy();
  });
  return (code, message) => {
    refuseCall(request, response, {}, code, message);
    upstream.destroy();
  };
}

/** The call's headers without what the browser says of itself and the page. */
function webHeaders({ headers, url = "/" }: IncomingMessage): OutgoingHttpHeaders {
  const sent = Object.entries(requestHeaders(headers, url, "")).filter(
    ([name]) => !name.startsWith(":") && name !== "te",
  );
  const length = headers["content-length"];
  return {
    ...Object.fromEntries(sent),
    "content-type": headers["content-type"],
    "x-grpc-web": "1",
    ...(length !== undefined && { "content-length": length }),
  };
}
