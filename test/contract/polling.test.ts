import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Progress } from "flightsql";
import { expect, test } from "vitest";
import {
  CancelFlightInfoResultSchema,
  CancelStatus,
  FlightDescriptorSchema,
  FlightInfoSchema,
  type RenewFlightEndpointRequest,
} from "../../src/gen/Flight_pb.ts";
import type { Backend, Command } from "../../src/server/backend.ts";
import { numbers } from "../support/router.ts";
import { expectFailure } from "./expect.ts";
import { connect, infoOf, resultOf, rowsOf, scripted, text, threeRows, utf8, ways } from "./scripted.ts";

const options = ways["gRPC-Web"];

/** A door that stays shut until somebody opens it. */
function door(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const numberOf = (ticket: { readonly kind: string; readonly bytes?: Uint8Array }): number =>
  Number(text(ticket.bytes!));
const retry = (name: string) => create(FlightDescriptorSchema, { type: 2, cmd: utf8(name) });

test("endpoints are read as they appear, and progress is told", async () => {
  const firstRead = door();
  const asked: Command["kind"][] = [];
  const backend: Backend = {
    async pollFlightInfo(command) {
      asked.push(command.kind);
      const poll = asked.length;
      // The second answer comes only once the first endpoint has been read: a client that waits for all would hang.
      if (poll === 2) await firstRead.opened;
      return {
        info: create(FlightInfoSchema, infoOf(...Array.from({ length: poll }, () => []))),
        progress: poll / 3,
        ...(poll < 3 && { flightDescriptor: retry(`poll-${poll}`) }),
      };
    },
    async doGet(ticket) {
      const number = numberOf(ticket as never);
      if (number === 0) firstRead.open();
      return resultOf(numbers(number));
    },
  };
  const server = scripted(backend);
  const seen: Progress[] = [];
  const client = connect(options(server));
  const rows = await client.query("q", undefined, { poll: true, onProgress: (p) => seen.push(p) }).all();
  expect(rows).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  expect(asked).toEqual(["sql", "bytes", "bytes"]);
  expect(server.count("GetFlightInfo")).toBe(0);
  expect(seen.some(({ fraction }) => fraction === 1 / 3)).toBe(true);
  expect(seen.at(-1)).toMatchObject({ rows: 3, endpoints: 3, endpointsDone: 3, fraction: 1 });
});

test("a query without anything to read yet is polled until there is", async () => {
  let polls = 0;
  const server = scripted({
    ...threeRows,
    pollFlightInfo: async () =>
      ++polls < 3
        ? { progress: 0, flightDescriptor: retry("again") }
        : { info: create(FlightInfoSchema, infoOf([])), progress: 1 },
  });
  expect(await connect(options(server)).query("q", undefined, { poll: true }).all()).toHaveLength(3);
  expect(server.count("PollFlightInfo")).toBe(3);
});

test("a server that cannot is asked with GetFlightInfo", async () => {
  const server = scripted(threeRows);
  const rows = await connect(options(server)).query("q", undefined, { poll: true }).all();
  expect(rows).toHaveLength(3);
  expect(server.heard.map(({ method }) => method)).toEqual(["PollFlightInfo", "GetFlightInfo", "DoGet"]);
});

test("a query that fails while it is polled fails, after what was read", async () => {
  let polls = 0;
  const server = scripted({
    ...threeRows,
    async pollFlightInfo() {
      if (++polls > 1) throw new ConnectError("out of memory", Code.Internal);
      return { info: create(FlightInfoSchema, infoOf([])), flightDescriptor: retry("again") };
    },
  });
  const seen: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const row of connect(options(server)).query("q", undefined, { poll: true }).rows()) seen.push(row);
  };
  expect((await expectFailure(read(), "internal")).message).toContain("out of memory");
  expect(seen).toHaveLength(3);
});

test("cancel between polls ends the poll and tells the server which query", async () => {
  const waiting = door();
  const left = door();
  let polls = 0;
  const cancelled: number[] = [];
  const server = scripted({
    ...threeRows,
    async pollFlightInfo(_, { signal }) {
      if (++polls === 1) return { info: create(FlightInfoSchema, infoOf([])), flightDescriptor: retry("again") };
      waiting.open();
      await new Promise((_, reject) => signal.addEventListener("abort", reject));
      throw new ConnectError("left", Code.Canceled);
    },
    async *doAction(action) {
      if (action.kind !== "standard" || !("info" in action.request)) throw new Error("not a cancel");
      cancelled.push((action.request.info as { endpoint: unknown[] }).endpoint.length);
      left.open();
      yield create(CancelFlightInfoResultSchema, { status: CancelStatus.CANCELLED });
    },
  });
  const result = connect(options(server)).query("q", undefined, { poll: true });
  const reading = expectFailure(result.table(), "canceled");
  await waiting.opened;
  expect(await result.cancel()).toBe("cancelled");
  await reading;
  await left.opened;
  expect(cancelled).toEqual([1]);
  expect(polls).toBe(2);
});

test("pollFlightInfo gives each answer as it is, and takes its descriptor back", async () => {
  const server = scripted({
    async pollFlightInfo(command) {
      if (command.kind === "path")
        return {
          progress: 0.5,
          flightDescriptor: retry("again"),
          expirationTime: { seconds: 4102444800n, nanos: 1 },
        };
      return { info: create(FlightInfoSchema, infoOf([], [])) };
    },
  });
  const { flight } = connect(options(server));
  const first = await flight.pollFlightInfo({ path: ["a"] });
  expect(first).toMatchObject({ info: null, progress: 0.5, expirationTime: 4102444800000000001n });
  const last = await flight.pollFlightInfo(first.descriptor!);
  expect(last).toMatchObject({ descriptor: null, progress: null, expirationTime: null });
  expect(last.info?.endpoints).toHaveLength(2);
});

test("an endpoint that waits is renewed before it expires, as often as it takes, and read by its new ticket", async () => {
  const renewals: string[] = [];
  const enough = door();
  const inMs = (ms: number) => {
    const at = Date.now() + ms;
    return { seconds: BigInt(Math.floor(at / 1000)), nanos: (at % 1000) * 1e6 };
  };
  const server = scripted({
    async getFlightInfo() {
      const info = infoOf([], []);
      return {
        ...info,
        endpoint: info.endpoint!.map((endpoint) => ({ ...endpoint, expirationTime: inMs(400) })) as never,
      };
    },
    async doGet(ticket) {
      const name = text((ticket as { bytes: Uint8Array }).bytes);
      if (name !== "0") {
        expect(name).toBe("renewed 2");
        return resultOf(numbers(2));
      }
      // The first endpoint takes so long that the second has to be renewed twice.
      await enough.opened;
      return resultOf(numbers(1));
    },
    async *doAction(action) {
      const { endpoint } = (action as { request: unknown }).request as RenewFlightEndpointRequest;
      renewals.push(text(endpoint!.ticket!.ticket));
      if (renewals.length === 2) enough.open();
      yield {
        ...endpoint!,
        ticket: { ...endpoint!.ticket!, ticket: utf8(`renewed ${renewals.length}`) },
        expirationTime: { ...endpoint!.expirationTime!, ...inMs(renewals.length === 2 ? 60_000 : 400) },
      };
    },
  });
  const client = connect({ ...options(server), endpoints: { parallelism: 1 } });
  expect(await rowsOf(client)).toEqual([1, 2]);
  expect(renewals).toEqual(["1", "renewed 1"]);
});

test("a server that cannot renew is read all the same", async () => {
  const slow = door();
  const soon = Date.now() + 300;
  const server = scripted(
    {
      async getFlightInfo() {
        const info = infoOf([], []);
        const expirationTime = { seconds: BigInt(Math.floor(soon / 1000)), nanos: (soon % 1000) * 1e6 };
        return { ...info, endpoint: info.endpoint!.map((endpoint) => ({ ...endpoint, expirationTime })) as never };
      },
      async doGet(ticket) {
        const number = numberOf(ticket as never);
        if (number === 0) await slow.opened;
        return resultOf(numbers(number));
      },
    },
    ({ method }) => {
      if (method === "DoAction") slow.open();
    },
  );
  const client = connect({ ...options(server), endpoints: { parallelism: 1 } });
  expect(await rowsOf(client)).toEqual([0, 1]);
  expect(server.count("DoAction")).toBe(1);
});
