// What the scripted server does wrong with a call, by chance.

import { goodMessages } from "../faults/answers.ts";
import type { Damages } from "../faults/cutting-proxy.ts";
import { oddAnswers } from "../faults/odd-answers.ts";
import type { Script } from "../faults/raw-server.ts";
import type { RawStream } from "../faults/raw-stream.ts";
import { stages } from "../faults/stages.ts";
import { flag, frame, frames } from "../faults/wire.ts";
import type { Random } from "./random.ts";

/** Of one connection through the proxy: a third of them is left alone. */
export function damages(random: Random): Damages {
  const cutAfter = random.log(1, 4_000_000);
  const by = random.pick(["fin", "rst"] as const);
  return random.weighted<Damages>([
    [35, {}],
    [25, { down: { cutAfter, by } }],
    [10, { up: { cutAfter: random.log(1, 100_000), by } }],
    [5, { down: { stallAfter: cutAfter } }],
    [3, { up: { stallAfter: random.log(1, 100_000) } }],
    [4, { down: { segment: 1 } }],
    [3, { up: { segment: 1 } }],
    [5, { down: { segment: random.log(2, 1000) }, up: { segment: random.log(2, 1000) } }],
    [10, { down: { delayMs: random.log(1, 50) }, up: { delayMs: random.log(1, 50) } }],
  ]);
}

const at =
  (random: Random, act: (stream: RawStream) => unknown): Script =>
  (stream) =>
    stream.answer({ fault: { stage: random.pick(stages), act } });

const odd: Script[] = Object.values(oddAnswers).map((answer) => async (stream) => {
  if ((answer.method ?? "DoGet") !== stream.method) return await stream.answer();
  await stream.requestEnd;
  const header = Object.entries(answer.header ?? { "content-type": "application/grpc" });
  stream.headers([[":status", "200"], ...header], answer.body === undefined ? flag.endStream : 0);
  if (answer.body === undefined) return;
  for (const bytes of answer.body) await stream.data(bytes);
  if (answer.trailer === undefined) stream.rawData(new Uint8Array(0), flag.endStream);
  else stream.trailers(answer.trailer);
});

/** A batch that stops early. Others may stop between two fields, and are then good messages that say less. */
function truncated(random: Random): Script {
  return (stream) => {
    if (stream.method !== "DoGet") return stream.answer();
    const messages = goodMessages(stream.method, stream.request);
    const last = messages.pop();
    if (last === undefined || last.byteLength < 2) return stream.answer();
    return stream.answer({ messages: [...messages, last.subarray(0, random.int(1, last.byteLength - 1))] });
  };
}

const good: Script = (stream) => stream.answer();

/** Of one call: half of them are answered well. */
export function misbehaviour(random: Random): Script {
  const code = random.int(0, 13);
  return random.weighted<Script>([
    [50, good],
    [8, at(random, (stream) => stream.reset(code))],
    [2, (stream) => stream.reset(code)],
    // In order: the calls that it does not know are never answered, those that it knows are.
    [
      3,
      at(random, ({ connection, id }) => {
        connection.goaway(id, random.pick([0, 2, 11]));
        return "go on";
      }),
    ],
    [
      2,
      ({ connection, id }) => {
        connection.goaway(Math.max(0, id - 2), random.pick([0, 2, 11]));
        connection.end();
      },
    ],
    [3, at(random, ({ connection }) => connection.end())],
    [3, at(random, ({ connection }) => connection.reset())],
    [5, (stream) => stream.refuse(random.int(1, 16), "no")],
    [3, (stream) => stream.answer({ trailer: [["grpc-status", String(random.int(1, 20))]] })],
    [3, (stream) => stream.headers([[":status", String(random.pick([400, 401, 404, 429, 502, 503, 504]))]], 1)],
    [6, random.pick(odd)],
    [4, truncated(random)],
    [2, at(random, () => new Promise(() => {}))],
    [
      2,
      at(random, async ({ connection }) => {
        connection.ping();
        // A frame of a type that nobody knows is passed over (RFC 9113, 4.1).
        connection.send(frame(200, 0, 0, Buffer.from("unknown")));
        await new Promise((resolve) => setTimeout(resolve, random.log(1, 300)));
        return "go on";
      }),
    ],
    // RST_STREAM NO_ERROR behind a complete answer is allowed (RFC 9113, 8.1).
    [
      1,
      async (stream) => {
        await stream.answer();
        stream.connection.send(frame(frames.reset, 0, stream.id, Buffer.alloc(4)));
      },
    ],
  ]);
}

/** Of one gRPC-Web client: by the names of test/faults/web-server.ts. */
export function webFault(random: Random): string | null {
  return random.weighted<string | null>([
    [30, null],
    [20, `cut at ${random.log(1, 2000)}`],
    [5, `stall at ${random.log(1, 2000)}`],
    [20, `HTTP ${random.pick([401, 404, 429, 502, 503])}`],
    [25, random.pick(Object.keys(oddAnswers))],
  ]);
}
