import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type BreakOff, refuseCall } from "./relay.ts";

export interface CallLimits {
  /** Largest request body, in bytes: `resource_exhausted` beyond. Default 4 GiB. */
  readonly maxRequestBytes?: number | undefined;
  /** Most calls at the same time; further ones are `unavailable`, which clients may try again. Default 1000. */
  readonly maxCalls?: number | undefined;
}

/** Begins to carry a call, unless that is one too many or its body too large. */
export type Admit = (
  request: IncomingMessage,
  response: ServerResponse,
  cors: OutgoingHttpHeaders,
  carry: () => BreakOff,
) => void;

/** Counts the calls of one server, and their bytes. */
export function limitCalls({ maxRequestBytes = 2 ** 32, maxCalls = 1000 }: CallLimits): Admit {
  const tooLarge = `a request may have ${maxRequestBytes} bytes at most (maxRequestBytes)`;
  let calls = 0;
  return (request, response, cors, carry) => {
    if (calls >= maxCalls)
      return refuseCall(request, response, cors, 14, `${maxCalls} calls are under way: try again later (maxCalls)`);
    if (Number(request.headers["content-length"] ?? 0) > maxRequestBytes)
      return refuseCall(request, response, cors, 8, tooLarge);
    calls++;
    response.once("close", () => calls--);
    const breakOff = carry();
    let left = maxRequestBytes;
    request.on("data", (chunk: Buffer) => {
      const before = left;
      left -= chunk.length;
      if (left < 0 && before >= 0) breakOff(8, tooLarge);
    });
  };
}
