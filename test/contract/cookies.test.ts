import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { numbers } from "../support/router.ts";
import { connect, infoOf, resultOf, rowsOf, type Scripted, scripted, threeRows } from "./scripted.ts";

// Over a Connect transport: what `fetch` gives and takes of cookies is the browser's own affair, and is tested through Envoy.
const options = ({ transport }: Scripted) => ({ url: "http://scripted.example", transport });
const cookiesOf = (server: Scripted) => server.heard.map(({ header }) => header.get("cookie"));

for (const where of ["header", "trailer"] as const) {
  test(`a cookie of a response's ${where} goes back with the calls after it`, async () => {
    const server = scripted(threeRows, ({ method, answer }) => {
      if (method === "GetFlightInfo") answer[where].set("set-cookie", "session=abc; Path=/; HttpOnly");
    });
    const client = connect(options(server));
    await rowsOf(client);
    expect(cookiesOf(server)).toEqual([null, "session=abc"]);
  });

  test(`a cookie of a stream's ${where}, too`, async () => {
    const server = scripted(threeRows, ({ method, answer }) => {
      if (method === "DoGet") answer[where].set("set-cookie", "session=abc");
    });
    const client = connect(options(server));
    await rowsOf(client);
    await rowsOf(client);
    expect(cookiesOf(server)).toEqual([null, null, "session=abc", "session=abc"]);
  });
}

test("a cookie of a call that failed", async () => {
  const server = scripted(threeRows, ({ method }) => {
    if (method === "GetFlightInfo") throw new ConnectError("no", Code.NotFound, { "set-cookie": "session=abc" });
  });
  const client = connect(options(server));
  await client.execute("q").catch(() => {});
  await client.execute("q").catch(() => {});
  expect(cookiesOf(server)).toEqual([null, "session=abc"]);
});

test("several cookies, one replaced, one that Max-Age=0 deletes, one that has expired", async () => {
  const answers = [
    ["a=1", "b=2; Expires=Wed, 01 Jan 2098 00:00:00 GMT; Path=/"],
    ["a=3; Max-Age=3600"],
    // Max-Age beats Expires.
    ["b=gone; Max-Age=0; Expires=Wed, 01 Jan 2098 00:00:00 GMT", "c=4"],
    ["c=4; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    ["a=; Max-Age=-1"],
    [],
  ];
  let call = 0;
  const server = scripted(threeRows, ({ answer }) => {
    for (const cookie of answers[call++]!) answer.header.append("set-cookie", cookie);
  });
  const client = connect(options(server));
  for (const _ of answers) await client.execute("q");
  expect(cookiesOf(server)).toEqual([null, "a=1; b=2", "a=3; b=2", "a=3; c=4", "a=3", null]);
});

test("each client has its own; cookies: false has none", async () => {
  const server = scripted(threeRows, ({ answer }) => answer.header.set("set-cookie", "session=abc"));
  await rowsOf(connect(options(server)));
  await rowsOf(connect({ ...options(server), cookies: false }));
  expect(cookiesOf(server)).toEqual([null, "session=abc", null, null]);
});

test("a location's cookies stay with it; the origin's go there too", async () => {
  const origin = scripted(
    { ...threeRows, getFlightInfo: async () => infoOf(["grpc://a.example:1"], ["grpc://b.example:1"]) },
    ({ answer }) => answer.header.set("set-cookie", "session=origin"),
  );
  const location = (name: string) =>
    scripted({ doGet: async () => resultOf(numbers(1)) }, ({ answer }) =>
      answer.header.set("set-cookie", `sticky=${name}`),
    );
  const [a, b] = [location("a"), location("b")];
  const client = connect({
    url: "grpc://origin.example:1",
    transport: (uri) => (uri.includes("//a.") ? a : uri.includes("//b.") ? b : origin).transport,
  });
  for (let i = 0; i < 2; i++) expect(await rowsOf(client)).toEqual([1, 1]);
  expect(cookiesOf(origin)).toEqual([null, "session=origin"]);
  expect(cookiesOf(a)).toEqual(["session=origin", "session=origin; sticky=a"]);
  expect(cookiesOf(b)).toEqual(["session=origin", "session=origin; sticky=b"]);
});
