import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { type RecordBatch, Table, tableFromIPC, tableToIPC } from "apache-arrow";
import type { ClientOptions } from "flightsql";
import { describe, expect, test } from "vitest";
import { FlightSqlClient as WebClient } from "../../src/web.ts";
import { numbers } from "../support/router.ts";
import { expectFailure } from "./expect.ts";
import { connect, infoOf, resultOf, rowsOf, type Scripted, scripted, utf8 } from "./scripted.ts";

const reuse = "arrow-flight-reuse-connection://?";

/** An origin whose results lie at these locations, one list for each endpoint, and which has n = 0 itself. */
const originOf = (...locations: string[][]): Scripted =>
  scripted({ getFlightInfo: async () => infoOf(...locations), doGet: async () => resultOf(numbers(0)) });

/** A server that has nothing but n. */
const holder = (n: number): Scripted => scripted({ doGet: async () => resultOf(numbers(n)) });

/** A server that nobody can reach, and how often it was tried. */
function dead(): { transport: Transport; tries: () => number } {
  let tries = 0;
  const fail = async (): Promise<never> => {
    tries++;
    throw new ConnectError("nobody is there", Code.Unavailable);
  };
  return { transport: { unary: fail, stream: fail }, tries: () => tries };
}

const origin = "grpc://origin.example:1";

/** A client of the origin that dials locations by name, and what it dialled. */
function connectTo(
  servers: Readonly<Record<string, { transport: Transport }>>,
  options: Omit<ClientOptions, "transport"> = {},
) {
  const dialled: string[] = [];
  const client = connect({
    url: origin,
    ...options,
    transport: (uri) => {
      dialled.push(uri);
      const server = servers[uri];
      if (server === undefined) throw new Error(`nobody is expected at ${uri}`);
      return server.transport;
    },
  });
  return { client, dialled };
}

describe("the client's own server is read", () => {
  for (const [why, locations] of Object.entries({
    "where there is no location": [],
    "where the location is empty": [""],
    "where the location says to reuse the connection": [reuse],
    "where the location is its own address": ["grpc+tcp://origin.example:1/"],
    "before others, when it comes first": [reuse, "grpc://a.example:1"],
  })) {
    test(why, async () => {
      const server = originOf(locations);
      const { client, dialled } = connectTo({ [origin]: server, "grpc://a.example:1": holder(1) });
      expect(await rowsOf(client)).toEqual([0]);
      expect(dialled.filter((uri) => uri !== origin && locations[0] !== reuse)).toEqual([]);
      expect(server.count("DoGet")).toBe(1);
    });
  }
});

describe("locations", () => {
  test("each endpoint is read from its own, in order; one connection for each server", async () => {
    const servers = { [origin]: originOf(["grpc://a.example:1"], ["grpc://b.example:1"], ["grpc://A.example:1/"]) };
    const { client, dialled } = connectTo({
      ...servers,
      "grpc://a.example:1": holder(1),
      "grpc://b.example:1": holder(2),
    });
    expect(await rowsOf(client)).toEqual([1, 2, 1]);
    expect(dialled).toEqual([origin, "grpc://a.example:1", "grpc://b.example:1"]);
  });

  test("one that does not answer gives way to the next, and is tried last from then on", async () => {
    const gone = dead();
    const second = holder(2);
    const { client } = connectTo({
      [origin]: originOf(["grpc://dead.example:1", "grpc://b.example:1"]),
      "grpc://dead.example:1": gone,
      "grpc://b.example:1": second,
    });
    expect(await rowsOf(client)).toEqual([2]);
    expect(await rowsOf(client)).toEqual([2]);
    expect(gone.tries()).toBe(1);
    expect(second.count("DoGet")).toBe(2);
  });

  test("none that answers is the last one's failure", async () => {
    const [a, b] = [dead(), dead()];
    const { client } = connectTo({
      [origin]: originOf(["grpc://a.example:1", "grpc://b.example:1"]),
      "grpc://a.example:1": a,
      "grpc://b.example:1": b,
    });
    const error = await expectFailure(rowsOf(client), "unavailable");
    expect(error.message).toContain("DoGet to grpc://b.example:1");
    expect([a.tries(), b.tries()]).toEqual([1, 1]);
  });

  test("an answer that is no is final, and so is a failure after data", async () => {
    const second = holder(2);
    const failing = (error: ConnectError, ...first: RecordBatch[]): Scripted =>
      scripted({
        async doGet() {
          const chunks = async function* () {
            for (const batch of first) yield { batch };
            throw error;
          };
          return { schema: numbers(1).schema, chunks: chunks() };
        },
      });
    for (const [server, code] of [
      [failing(new ConnectError("no such ticket", Code.NotFound)), "not_found"],
      [failing(new ConnectError("lost", Code.Unavailable), numbers(1)), "unavailable"],
    ] as const) {
      const { client } = connectTo({
        [origin]: originOf(["grpc://a.example:1", "grpc://b.example:1"]),
        "grpc://a.example:1": server,
        "grpc://b.example:1": second,
      });
      await expectFailure(rowsOf(client), code);
    }
    expect(second.heard).toEqual([]);
  });

  test("fallbackToOrigin reads through the origin when none answers, and only then", async () => {
    const locations = [["grpc://dead.example:1"], ["grpc://b.example:1"]];
    const servers = { "grpc://dead.example:1": dead(), "grpc://b.example:1": holder(2) };
    const strict = connectTo({ [origin]: originOf(...locations), ...servers });
    await expectFailure(rowsOf(strict.client), "unavailable");
    const lenient = connectTo(
      { [origin]: originOf(...locations), ...servers },
      { endpoints: { fallbackToOrigin: true } },
    );
    expect(await rowsOf(lenient.client)).toEqual([0, 2]);
  });

  test("rewriteLocation maps them, or leaves them out", async () => {
    const seen: string[] = [];
    const rewriteLocation = (uri: string): string | null => {
      seen.push(uri);
      return uri.includes("inner") ? uri.replace("inner", "outer") : null;
    };
    const { client, dialled } = connectTo(
      {
        [origin]: originOf(["grpc://hidden.example:1", "grpc://inner.example:1"]),
        "grpc://outer.example:1": holder(1),
      },
      { endpoints: { rewriteLocation } },
    );
    expect(await rowsOf(client)).toEqual([1]);
    expect(seen).toEqual(["grpc://hidden.example:1", "grpc://inner.example:1"]);
    expect(dialled).toEqual([origin, "grpc://outer.example:1"]);
    const none = connectTo({ [origin]: originOf(["grpc://hidden.example:1"]) }, { endpoints: { rewriteLocation } });
    const error = await expectFailure(rowsOf(none.client), "unavailable");
    expect(error.message).toContain("rewriteLocation");
  });

  test("doGet of an endpoint goes there as well; of a ticket, to the origin", async () => {
    const { client } = connectTo({ [origin]: originOf(["grpc://a.example:1"]), "grpc://a.example:1": holder(1) });
    const [endpoint] = (await client.execute("q")).endpoints;
    expect(await client.doGet(endpoint!).readRows()).toEqual([{ n: 1 }]);
    expect(await client.doGet(endpoint!.ticket).readRows()).toEqual([{ n: 0 }]);
  });

  test("over the web client a gRPC location is read through the origin", async () => {
    const server = originOf(["grpc+tls://inner.example:1"]);
    const client = new WebClient({ url: "http://scripted.example", fetch: server.fetch });
    expect(await client.query("q").all()).toEqual([{ n: 0 }]);
    expect(server.count("DoGet")).toBe(1);
    await client.close();
  });
});

describe("credentials, cookies and metadata", () => {
  const secure = "grpc+tls://origin.example:1";
  const plain = "grpc://a.example:1";
  const tls = "grpc+tls://a.example:1";
  const secrets = { token: "secret", metadata: { database: "d" } };

  async function seenBy(from: string, to: string, options: Omit<ClientOptions, "transport"> = {}) {
    const location = holder(1);
    const server = scripted({ getFlightInfo: async () => infoOf([to]) }, ({ answer }) =>
      answer.header.set("set-cookie", "session=abc"),
    );
    const { client } = connectTo({ [from]: server, [to]: location }, { url: from, ...secrets, ...options });
    expect(await rowsOf(client)).toEqual([1]);
    const { header } = location.heard[0]!;
    return ["authorization", "database", "cookie"].map((name) => header.get(name));
  }
  const all = ["Bearer secret", "d", "session=abc"];
  const nothing = [null, null, null];

  test("go from TLS to TLS, and from plaintext anywhere", async () => {
    expect(await seenBy(secure, tls)).toEqual(all);
    expect(await seenBy(origin, plain)).toEqual(all);
    expect(await seenBy(origin, tls)).toEqual(all);
  });

  test("never from TLS to plaintext", async () => {
    expect(await seenBy(secure, plain)).toEqual(nothing);
    expect(await seenBy("https://origin.example", plain)).toEqual(nothing);
  });

  test('go nowhere with credentials: "origin"', async () => {
    expect(await seenBy(secure, tls, { endpoints: { credentials: "origin" } })).toEqual(nothing);
    expect(await seenBy(origin, plain, { endpoints: { credentials: "origin" } })).toEqual(nothing);
  });
});

describe("http(s) locations", () => {
  const url = "https://store.example/part.arrow?signature=s3cret";
  const ipc = tableToIPC(new Table([numbers(1, 2), numbers(3)]), "stream");

  /** A client whose fetch is asked for locations only, and what it was asked. */
  function connectStore(answer: (url: string) => Response | Promise<Response>, ...locations: string[][]) {
    const asked: { url: string; init: RequestInit }[] = [];
    const client = connect({
      url: origin,
      transport: originOf(...locations).transport,
      token: "secret",
      metadata: { database: "d" },
      fetch: async (input, init) => {
        asked.push({ url: String(input), init: init! });
        return await answer(String(input));
      },
    });
    return { client, asked };
  }

  for (const type of ["application/vnd.apache.arrow.stream", "application/octet-stream", undefined]) {
    test(`an Arrow IPC stream, content type ${type}, without any credentials`, async () => {
      const { client, asked } = connectStore(
        () => new Response(ipc.slice(), type ? { headers: { "content-type": type } } : {}),
        [url],
      );
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
      expect(asked).toHaveLength(1);
      expect(asked[0]!.url).toBe(url);
      expect([...new Headers(asked[0]!.init.headers).keys()]).toEqual(["accept"]);
      expect(asked[0]!.init.credentials).toBe("omit");
    });
  }

  test("in chunks cut anywhere, and out again as ipc()", async () => {
    const { client } = connectStore(() => {
      let at = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= ipc.length) controller.close();
          else controller.enqueue(ipc.slice(at, at + 7));
          at += 7;
        },
      });
      return new Response(body);
    }, [url]);
    const out = await new Response(client.query("q").ipc()).arrayBuffer();
    expect(tableFromIPC(new Uint8Array(out)).numRows).toBe(3);
  });

  test("what is not there, or not Arrow, is said; the signature is not", async () => {
    for (const [answer, code] of [
      [new Response("gone", { status: 404 }), "not_found"],
      [new Response("no", { status: 403 }), "permission_denied"],
      [new Response("oops", { status: 500 }), "unavailable"],
      [new Response("<html>", { headers: { "content-type": "text/html" } }), "unimplemented"],
      [new Response(ipc.slice(0, 100)), "data_loss"],
      [new Response(utf8("this is no Arrow at all, whatever it says") as Uint8Array<ArrayBuffer>), "data_loss"],
    ] as const) {
      const { client } = connectStore(() => answer, [url]);
      const error = await expectFailure(rowsOf(client), code);
      expect(error.message).toContain("https://store.example/part.arrow");
      expect(error.message).not.toContain("s3cret");
    }
  });

  test("one that cannot be reached gives way to the next location", async () => {
    const { client, asked } = connectStore(
      (asked) => {
        if (asked === url) throw new TypeError("Failed to fetch");
        return new Response(ipc.slice());
      },
      [url, "https://mirror.example/part.arrow"],
    );
    expect(await rowsOf(client)).toEqual([1, 2, 3]);
    expect(asked).toHaveLength(2);
  });

  test("leaving the result stops the download", async () => {
    let cancelled: (() => void) | undefined;
    const stopped = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const { client, asked } = connectStore(() => {
      const head = ipc.slice(0, ipc.length - 8);
      return new Response(
        new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(head), cancel: () => cancelled!() }),
      );
    }, [url]);
    for await (const batch of client.query("q")) {
      expect(batch.numRows).toBe(2);
      break;
    }
    const { signal } = asked[0]!.init;
    if (!signal!.aborted) await stopped;
    expect(signal!.aborted).toBe(true);
  });
});
