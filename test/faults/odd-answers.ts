// Answers that are complete, but no answers of gRPC: the same over HTTP/2 and, with the trailers in the body, gRPC-Web.

import { goodMessages } from "./answers.ts";
import type { answers } from "./cases.ts";
import { envelope } from "./wire.ts";

export interface OddAnswer {
  /** Which call gets it. Default DoGet. */
  readonly method?: "GetFlightInfo";
  /** Instead of the content type of a good answer. */
  readonly header?: Readonly<Record<string, string>>;
  /** Absent, like the trailers: the headers end the answer. */
  readonly body?: readonly Uint8Array[];
  /** Absent with a body: the body ends it. */
  readonly trailer?: readonly (readonly [string, string])[];
}

const [schema, ...batches] = goodMessages("DoGet", []).map((message) => envelope(message));
const good = [schema!, ...batches];
const ended = (status: string, message = "the server's own words"): OddAnswer => ({
  body: good,
  trailer: [
    ["grpc-status", status],
    ["grpc-message", message],
  ],
});

export const oddAnswers: Readonly<Record<keyof typeof answers, OddAnswer>> = {
  "HTML with status 200": {
    header: { "content-type": "text/html" },
    body: [new TextEncoder().encode(`<html>${"welcome ".repeat(1000)}</html>`)],
  },
  "no content type": { header: {}, body: [new TextEncoder().encode("hello")] },
  "end without trailers": { body: good },
  "headers and nothing else": {},
  "end within a message": { body: [good[0]!, good[1]!.subarray(0, 30)] },
  "success without its message": { method: "GetFlightInfo", body: [], trailer: [["grpc-status", "0"]] },
  "compressed message": {
    body: [good[0]!, envelope(batches[0]!.subarray(5), 1)],
    trailer: [["grpc-status", "0"]],
  },
  "message that claims 4 GB": {
    body: [good[0]!, envelope(new Uint8Array(100), 0, 0xffffffff)],
    trailer: [["grpc-status", "0"]],
  },
  "message that is no protobuf": {
    body: [good[0]!, envelope(new Uint8Array(100).fill(0xff))],
    trailer: [["grpc-status", "0"]],
  },
  "grpc-status that is no number": ended("fine"),
  "grpc-status 99": ended("99"),
  "grpc-status -1": ended("-1"),
  "empty grpc-status": ended(""),
  "two statuses, one of them OK": {
    body: good,
    trailer: [
      ["grpc-status", "0"],
      ["grpc-status", "13"],
      ["grpc-message", "the server's own words"],
    ],
  },
  "grpc-message with a bare %": ended("5", "100% wrong"),
  "grpc-message of bytes that are no UTF-8": ended("5", "bad %ff bytes"),
  "details that are no google.rpc.Status": {
    body: good,
    trailer: [
      ["grpc-status", "5"],
      ["grpc-message", "the server's own words"],
      ["grpc-status-details-bin", "AAECAwT//w"],
    ],
  },
  "no grpc-message": { body: good, trailer: [["grpc-status", "13"]] },
};
