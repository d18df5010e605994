import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, decodeBinaryHeader } from "@connectrpc/connect";
import type { FlightSqlError } from "flightsql";
import { describe, expect, test } from "vitest";
import { BasicAuthSchema } from "../../src/gen/Flight_pb.ts";
import { DoPutUpdateResultSchema } from "../../src/gen/FlightSql_pb.ts";
import type { Backend, Call } from "../../src/server/backend.ts";
import { expectFailure } from "./expect.ts";
import { connect, type Rule, rowsOf, scripted, text, threeRows, utf8, ways } from "./scripted.ts";

const counted: Backend = {
  ...threeRows,
  async *doPut(_, upload) {
    for await (const _ of upload);
    yield create(DoPutUpdateResultSchema, { recordCount: 7n });
  },
  async *doAction() {
    yield utf8("done");
  },
};

const unauthenticated = (message = "who is there?", headers?: HeadersInit): ConnectError =>
  new ConnectError(message, Code.Unauthenticated, headers);

/** Lets in what carries one of the tokens. */
const only =
  (...tokens: string[]): Rule =>
  ({ header }) => {
    if (!tokens.some((token) => header.get("authorization") === `Bearer ${token}`)) throw unauthenticated();
  };

/** Gives the tokens one after the other, the last one for ever, and counts. */
function issuer(...tokens: string[]) {
  const issue = Object.assign(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return tokens[Math.min(issue.asked++, tokens.length - 1)]!;
    },
    { asked: 0 },
  );
  return issue;
}

describe.each(Object.entries(ways))("over %s", (_, way) => {
  describe("a token function", () => {
    test("is asked once, and again when its token is refused: a read is repeated", async () => {
      const server = scripted(counted, only("new"));
      const token = issuer("old", "new");
      const client = connect({ ...way(server), token });
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
      expect(token.asked).toBe(2);
      expect(server.count("GetFlightInfo")).toBe(3);
      expect(server.count("DoGet")).toBe(2);
    });

    test("an unread DoGet is repeated too", async () => {
      const server = scripted(counted, (call) => only(call.method === "DoGet" ? "new" : "old")(call));
      const token = issuer("old", "new");
      expect(await rowsOf(connect({ ...way(server), token }))).toEqual([1, 2, 3]);
      expect(server.count("DoGet")).toBe(2);
    });

    test("is not asked a third time", async () => {
      const server = scripted(counted, only("another"));
      const token = issuer("old", "new");
      await expectFailure(rowsOf(connect({ ...way(server), token })), "unauthenticated");
      expect(token.asked).toBe(2);
      expect(server.count("GetFlightInfo")).toBe(2);
    });

    test("what may have had an effect is not sent again; the call after it has the new token", async () => {
      const server = scripted(counted, only("new"));
      const token = issuer("old", "new");
      const client = connect({ ...way(server), token });
      await expectFailure(client.executeUpdate("DELETE"), "unauthenticated");
      expect(server.count("DoPut")).toBe(1);
      expect(await client.executeUpdate("DELETE")).toBe(7n);
      expect(server.count("DoPut")).toBe(2);
      expect(token.asked).toBe(2);
    });

    test("nor is an action", async () => {
      const server = scripted(counted, only("new"));
      const client = connect({ ...way(server), token: issuer("old", "new") });
      const act = async () => {
        for await (const body of client.flight.doAction("drop")) return text(body);
      };
      await expectFailure(act(), "unauthenticated");
      expect(server.count("DoAction")).toBe(1);
      expect(await act()).toBe("done");
    });

    test("concurrent calls share one answer of it, also a renewed one", async () => {
      const server = scripted(counted, only("new"));
      const token = issuer("old", "new");
      const client = connect({ ...way(server), token });
      const all = await Promise.all(Array.from({ length: 8 }, () => rowsOf(client)));
      expect(all).toEqual(Array.from({ length: 8 }, () => [1, 2, 3]));
      expect(token.asked).toBe(2);
    });

    test("that fails, fails the call and is asked by the next", async () => {
      const server = scripted(counted, only("good"));
      let asked = 0;
      const token = () => {
        if (asked++ === 0) throw new Error("the vault is closed");
        return "good";
      };
      const client = connect({ ...way(server), token });
      expect((await expectFailure(rowsOf(client))).message).toContain("the vault is closed");
      expect(server.heard).toEqual([]);
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
    });
  });

  test("a fixed token that is refused is not tried again", async () => {
    const server = scripted(counted, only("another"));
    await expectFailure(rowsOf(connect({ ...way(server), token: "fixed" })), "unauthenticated");
    expect(server.count("GetFlightInfo")).toBe(1);
  });

  test("an empty token spoils no message", async () => {
    const server = scripted(counted, only("another"));
    const error = await expectFailure(rowsOf(connect({ ...way(server), token: "" })), "unauthenticated");
    expect(error.message).toMatch(/^GetFlightInfo to http:\/\/scripted\.example: who is there\?$/);
  });

  test("no credentials, no header", async () => {
    const server = scripted(counted);
    await rowsOf(connect(way(server)));
    expect(server.heard.map(({ header }) => header.get("authorization"))).toEqual([null, null]);
  });

  describe("a login by Handshake", () => {
    const login = { username: "anna", password: "pässwörd:1" };
    const basic = `Basic ${btoa(String.fromCharCode(...utf8("anna:pässwörd:1")))}`;

    /** Checks the header that the handshake brings, then answers as told. */
    const handshake = (answer: (call: Call, payload: Uint8Array) => Iterable<Uint8Array>): Backend => ({
      ...counted,
      async *handshake(payloads, call) {
        if (call.requestHeader.get("authorization") !== basic) throw unauthenticated("wrong username or password");
        for await (const payload of payloads) yield* answer(call, payload);
      },
    });
    const bearerAfterwards: Rule = (call) => {
      if (call.method !== "Handshake") return only("granted")(call);
    };

    for (const place of ["responseHeader", "responseTrailer"] as const) {
      test(`takes the bearer from the ${place === "responseHeader" ? "headers" : "trailers"}`, async () => {
        const backend = handshake((call) => {
          call[place].set("authorization", "Bearer granted");
          return [];
        });
        const server = scripted(backend, bearerAfterwards);
        const client = connect({ ...way(server), ...login });
        await Promise.all([rowsOf(client), rowsOf(client)]);
        expect(server.count("Handshake")).toBe(1);
      });
    }

    test("takes the token of the payload, and sends it as auth-token-bin", async () => {
      let seen: string[] = [];
      let granted = "token-1";
      const backend = handshake((_, payload) => {
        const { username, password } = fromBinary(BasicAuthSchema, payload);
        seen = [username, password];
        return [utf8(granted)];
      });
      const server = scripted(backend, ({ method, header }) => {
        if (method === "Handshake") return;
        expect(header.get("authorization")).toBeNull();
        if (text(decodeBinaryHeader(header.get("auth-token-bin")!)) !== granted) throw unauthenticated();
      });
      const client = connect({ ...way(server), ...login });
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
      expect(seen).toEqual([login.username, login.password]);
      // And logs in again when that token is over.
      granted = "token-2";
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
      expect(server.count("Handshake")).toBe(2);
    });

    test("sends Basic with every call where the server grants nothing", async () => {
      const server = scripted(
        handshake(() => []),
        ({ header }) => {
          if (header.get("authorization") !== basic) throw unauthenticated();
        },
      );
      const client = connect({ ...way(server), ...login });
      expect(await rowsOf(client)).toEqual([1, 2, 3]);
      expect(await client.executeUpdate("DELETE")).toBe(7n);
      expect(server.count("Handshake")).toBe(1);
    });

    test("that fails is the failure of the call, which is not sent", async () => {
      const server = scripted(handshake(() => []));
      const client = connect({ ...way(server), ...login, password: "guessed" });
      const error = await expectFailure(rowsOf(client), "unauthenticated");
      expect(error.message).toContain("Handshake");
      expect(error.message).toContain("wrong username or password");
      expect(server.count("GetFlightInfo")).toBe(0);
    });

    test("is repeated when the server forgets the token", async () => {
      let number = 0;
      const backend = handshake((call) => {
        call.responseHeader.set("authorization", `Bearer granted-${++number}`);
        return [];
      });
      const server = scripted(backend, (call) => {
        if (call.method !== "Handshake") return only("granted-2")(call);
      });
      expect(await rowsOf(connect({ ...way(server), ...login }))).toEqual([1, 2, 3]);
      expect(number).toBe(2);
    });
  });

  for (const where of ["header", "trailer", "failure"] as const) {
    test(`a token that comes with a ${where === "failure" ? where : `response's ${where}`} is the one from then on`, async () => {
      const server = scripted(counted, ({ method, answer }) => {
        if (method !== "GetFlightInfo") return;
        if (where === "failure") throw new ConnectError("no", Code.NotFound, { authorization: "Bearer next" });
        answer[where].set("authorization", "Bearer next");
      });
      const client = connect({ ...way(server), token: "first" });
      await client.execute("q").catch(() => {});
      await client.executeUpdate("DELETE");
      expect(server.heard.map(({ header }) => header.get("authorization"))).toEqual(["Bearer first", "Bearer next"]);
    });
  }

  describe("secrets", () => {
    const secrets = ["s3cret-token", "s3cret-password", btoa("anna:s3cret-password"), "n3xt-token"];

    /** Everything that a log could print of an error. */
    function printed(error: unknown, depth = 0): string {
      if (!(error instanceof Error) || depth > 5) return String(error);
      const { metadata, details } = error as FlightSqlError;
      const own = [...(metadata ?? [])].flat().concat((details ?? []).map(({ value }) => text(value)));
      const bytes = [...(metadata ?? [])].flatMap(([name, value]) =>
        name.endsWith("-bin") ? [fromBase64(value)] : [],
      );
      return [error.message, error.stack, ...own, ...bytes, printed(error.cause, depth + 1)].join("\n");
    }
    const fromBase64 = (value: string): string => {
      try {
        return text(decodeBinaryHeader(value));
      } catch {
        return "";
      }
    };

    /** A server that tells all it knows. */
    const blab: Rule = ({ header, method }) => {
      const authorization = header.get("authorization") ?? "";
      if (method === "Handshake" && !authorization.includes(btoa("anna:s3cret-password"))) return;
      const said = `refused: ${authorization} ${btoa("anna:s3cret-password") === authorization.slice(6) ? "s3cret-password" : ""}`;
      throw new ConnectError(said, Code.PermissionDenied, {
        authorization,
        "x-debug": said,
        "x-arrow-status-message-bin": btoa(said),
        "set-cookie": `token=${authorization.slice(7)}`,
      });
    };

    for (const [kind, options] of Object.entries({
      token: { token: "s3cret-token" },
      "token function": { token: () => "s3cret-token" },
      password: { username: "anna", password: "s3cret-password" },
    })) {
      test(`${kind}: not in a message, a cause or metadata, whatever the server says`, async () => {
        const server = scripted(counted, blab);
        const client = connect({ ...way(server), ...options });
        for (const call of [() => rowsOf(client), () => client.executeUpdate("DELETE"), () => client.closeSession()]) {
          const error = await expectFailure(call(), "permission_denied");
          expect(error.message).toContain("refused: ");
          for (const secret of secrets) expect(printed(error)).not.toContain(secret);
        }
      });
    }

    test("header injection is refused before anything is sent, without quoting the value", async () => {
      const server = scripted(counted);
      const evil = "s3cret-token\r\nx-evil: 1";
      for (const options of [
        { token: evil },
        { token: () => evil },
        { metadata: { database: evil } },
        { metadata: { "x-\r\nevil": "s3cret-token" } },
        { metadata: { database: "s3cret-token \u0000" } },
        { metadata: { database: "s3cret-token ü" } },
      ]) {
        const error = await expectFailure(rowsOf(connect({ ...way(server), ...options })), "invalid_argument");
        for (const secret of secrets) expect(printed(error)).not.toContain(secret);
      }
      expect(server.heard).toEqual([]);
    });
  });

  test("metadata goes with every call, bytes as base64, and a call's own over the client's", async () => {
    const server = scripted(counted);
    const client = connect({
      ...way(server),
      metadata: { database: "d", Trace: "t", "id-bin": Uint8Array.of(1, 255) },
    });
    await client.executeUpdate("DELETE", undefined, { metadata: { database: "other" } });
    await client.query("q").table();
    expect(server.heard.map(({ header }) => header.get("database"))).toEqual(["other", "d", "d"]);
    for (const { header } of server.heard) {
      expect(header.get("trace")).toBe("t");
      expect([...decodeBinaryHeader(header.get("id-bin")!)]).toEqual([1, 255]);
    }
  });
});
