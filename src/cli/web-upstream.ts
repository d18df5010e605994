import { type IncomingMessage, type OutgoingHttpHeaders, request as request1, type ServerResponse } from "node:http";
import { request as request1OverTls } from "node:https";
import { requestHeaders, trailerFrame } from "../bridge/headers.ts";

const connectMs = 10_000;

// RFC 9110 §7.6.1; and CORS, which is between the server and pages of other origins.
const notOurs = /^(connection|keep-alive|proxy-.+|te|trailer|transfer-encoding|upgrade|access-control-.+)$/;

/**
 * Passes one call on to a server that speaks gRPC-Web itself: both bodies byte for byte, in their pace, and whoever goes
 * takes the other along.
 *
 * @param base `http://host:port` or `https://host`, with a path if the service is below one
 */
export function passOn(request: IncomingMessage, response: ServerResponse, base: string): void {
  const url = new URL(base.replace(/\/+$/, "") + request.url);
  const fail = (reason: Error): void => {
    if (response.headersSent) return void response.destroy();
    response.writeHead(200, { "content-type": "application/grpc-web+proto" });
    const message = encodeURIComponent(`no answer of ${url.origin}: ${reason.message}`);
    response.end(trailerFrame({ "grpc-status": "14", "grpc-message": message }));
    request.resume();
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
