import { beforeEach, describe, expect, test } from "vitest";
import type { ClientOptions } from "../../src/flight/options.ts";
import { selfSigned } from "../interop/certificate.ts";
import { connecting, type Seen } from "./cases.ts";
import { closedPort, http1, rawServer, silent, tcpServer } from "./dead-ends.ts";
import { connect, expectFault, expectGoodQuery, failure, watchRejections } from "./expect.ts";

let checkRejections: () => void;
beforeEach(() => {
  checkRejections = watchRejections();
  return () => checkRejections();
});

const certificate = selfSigned();

/** How each case of the table is made: the options of a client that cannot get through. */
const wrong: Record<keyof typeof connecting, () => Promise<ClientOptions>> = {
  "connection refused": async () => ({ url: `grpc://127.0.0.1:${await closedPort()}` }),
  "unknown host name": async () => ({ url: "grpc://no-such-host.invalid:443" }),
  "TLS to a plaintext port": async () => ({ url: (await rawServer()).url.replace("grpc:", "grpc+tls:") }),
  "plaintext to a TLS port": async () => ({
    url: (await rawServer({ tls: certificate })).url.replace("grpc+tls:", "grpc:"),
  }),
  "self-signed certificate": async () => ({ url: (await rawServer({ tls: certificate })).url }),
  "certificate of another authority": async () => ({
    url: (await rawServer({ tls: certificate })).url,
    tls: { ca: selfSigned().cert },
  }),
  "certificate for another name": async () => {
    const elsewhere = selfSigned(["db.example"]);
    return { url: (await rawServer({ tls: elsewhere })).url, tls: { ca: elsewhere.cert } };
  },
  "HTTP/1-only server": async () => ({
    url: `grpc://127.0.0.1:${await tcpServer(http1("505 HTTP Version Not Supported", ""))}`,
  }),
  "HTML from an HTTP/1 server": async () => ({
    url: `grpc://127.0.0.1:${await tcpServer(http1("200 OK", `<html>${"welcome ".repeat(5000)}</html>`, "text/html"))}`,
  }),
  "closed as soon as it is open": async () => ({
    url: `grpc://127.0.0.1:${await tcpServer((socket) => socket.end())}`,
  }),
  "the server never answers (connectTimeoutMs)": async () => ({
    url: `grpc://127.0.0.1:${await tcpServer(silent)}`,
    connectTimeoutMs: 300,
  }),
  "the server never answers the TLS handshake (connectTimeoutMs)": async () => ({
    url: `grpc+tls://127.0.0.1:${await tcpServer(silent)}`,
    connectTimeoutMs: 300,
  }),
};

describe("a server that cannot be talked to", () => {
  for (const [name, options] of Object.entries(wrong)) {
    const seen: Seen = connecting[name as keyof typeof connecting].grpc;
    test(name, { timeout: 20_000 }, async () => {
      const given = await options();
      const client = connect(given);
      await expectFault(client.execute("q"), seen, given.url!, { ms: 3000 });
      // A second call is tried and told alike, at once with others.
      await Promise.all([
        expectFault(client.execute("q"), seen, given.url!, { ms: 3000 }),
        expectFault(client.query("q").table(), seen, given.url!, { ms: 3000 }),
        expectFault(client.executeUpdate("q"), seen, given.url!, { ms: 3000 }),
        expectFault(client.beginTransaction(), seen, given.url!, { ms: 3000 }),
      ]);
    });
  }
});

describe("no secret in what is said", () => {
  for (const name of ["connection refused", "HTTP/1-only server", "self-signed certificate"] as const)
    test(name, { timeout: 10_000 }, async () => {
      const given = await wrong[name]();
      for (const credentials of [{ token: "s3cret-token" }, { username: "u", password: "s3cret-token" }]) {
        const error = await failure(connect({ ...given, ...credentials }).execute("q"));
        for (let at: unknown = error; at instanceof Error; at = at.cause)
          expect(`${at.message} ${JSON.stringify(at)} ${at.stack}`).not.toContain("s3cret-token");
      }
    });
});

describe("the client works afterwards", () => {
  test("when a server listens at last", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    await server.close();
    const client = connect(server.url);
    await expectFault(client.execute("q"), connecting["connection refused"].grpc, server.url);
    await server.listen();
    await expectGoodQuery(client);
  });

  test("when the certificate is the right one at last", { timeout: 10_000 }, async () => {
    const server = await rawServer({ tls: certificate });
    await failure(connect(server.url).execute("q"));
    await expectGoodQuery(connect({ url: server.url, tls: { ca: certificate.cert } }));
    await expectGoodQuery(connect({ url: server.url, tls: { rejectUnauthorized: false } }));
  });

  test("when a server that was silent speaks at last", { timeout: 10_000 }, async () => {
    const server = await rawServer({ manners: { settings: null, acknowledges: false } });
    server.script = () => {};
    const client = connect({ url: server.url, connectTimeoutMs: 300 });
    const seen = connecting["the server never answers (connectTimeoutMs)"].grpc;
    await expectFault(client.execute("q"), seen, server.url);
    server.manners = {};
    server.script = undefined;
    await expectGoodQuery(client);
  });
});
