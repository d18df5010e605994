// Answers whose large messages can be read to the place where they stay.

import { create, toBinary } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { FlightService, ResultSchema } from "../../src/gen/Flight_pb.ts";
import type { ClosableTransport } from "../../src/transport/transport.ts";
import { envelope, join } from "./scripted-http.ts";

// Around the 64 KB that are read at a time, and much more; ones that end anywhere; small ones in between.
const lengths = [0, 5, 65_535, 65_536, 65_541, 0, 131_072, 1_000_003, 17, 65_527, 3_000_001, 64, 200_000];

/** Bodies of results, whose every byte tells where it stands. */
const results: readonly Uint8Array<ArrayBuffer>[] = lengths.map((length, seed) => {
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, (_, i) => Math.imul(i + 1, 2_654_435_761) + seed);
  return new Uint8Array(words.buffer, 0, length);
});

/** What answers a DoAction with them. */
export const answer: Uint8Array = join(
  ...results.map((body) => envelope(toBinary(ResultSchema, create(ResultSchema, { body })))),
);

export interface Read {
  /** Which results have other bytes than were sent, by number; those that are missing too. */
  readonly wrong: readonly number[];
  /** How many bytes were copied from one piece of memory to another meanwhile, for each that was sent. */
  readonly copies: number;
}

/** Calls DoAction, and looks at its results. */
export async function readResults(transport: ClosableTransport): Promise<Read> {
  const { set } = Uint8Array.prototype;
  const got: Uint8Array[] = [];
  let copied = 0;
  Uint8Array.prototype.set = function (source, offset) {
    copied += source.length;
    set.call(this, source, offset);
  };
  try {
    const client: Client<typeof FlightService> = createClient(FlightService, transport);
    for await (const { body } of client.doAction({ type: "a" })) got.push(body);
  } finally {
    Uint8Array.prototype.set = set;
  }
  const wrong = [...Array(Math.max(got.length, results.length)).keys()].filter((i) => !isSame(got[i], results[i]));
  return { wrong, copies: copied / answer.byteLength };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a?.byteLength === b?.byteLength && (a?.every((byte, i) => byte === b?.[i]) ?? false);
}
