import { describe, expect, it, vi } from "vitest";
import { diagnose } from "../../playground/connection/diagnose.ts";
import { clientOptions, parseMetadata } from "../../playground/connection/settings.ts";
import { planTexts } from "../../playground/plan.ts";

const page = { origin: "https://page.example", protocol: "https:" };
const answers = async () => Response.error();
const fails = () => Promise.reject(new TypeError("Failed to fetch"));

describe("diagnose", () => {
  it("probes the origin once, without sending anything of the caller's", async () => {
    const send = vi.fn(answers);
    await diagnose("https://db.example/path?x=1", page, send);
    expect(send).toHaveBeenCalledExactlyOnceWith(
      "https://db.example/",
      expect.objectContaining({ mode: "no-cors", signal: expect.any(AbortSignal) }),
    );
    expect(send.mock.calls[0]).not.toHaveProperty("1.headers");
  });

  it("takes an answer for CORS, and none for a server that is not there", async () => {
    const cors = await diagnose("https://db.example", page, answers);
    expect(cors?.title).toContain("CORS");
    expect(cors?.detail).toContain("Access-Control-Allow-Origin: https://page.example");
    const none = await diagnose("https://db.example:8443", page, fails);
    expect(none?.title).toBe("Nobody answers at db.example:8443.");
    expect(none?.detail).toContain("certificate");
    expect(none?.detail).toContain("--url grpc+tls://db.example:8443");
  });

  it("knows what a page over https may not call", async () => {
    const send = vi.fn(fails);
    expect((await diagnose("http://db.example", page, send))?.title).toContain("may not call a server over http");
    expect(send).not.toHaveBeenCalled();
    // Browsers allow this machine's own.
    expect((await diagnose("http://127.0.0.1:31337", page, send))?.title).toContain("Nobody answers");
  });

  it("has nothing to add about the page's own server, or what is no address", async () => {
    for (const address of [page.origin, "db"]) expect(await diagnose(address, page, answers)).toBeUndefined();
  });
});

describe("clientOptions", () => {
  const settings = { url: "http://127.0.0.1:1", token: "", username: "", password: "", metadata: "" };

  it("has what the fields say", () => {
    expect(clientOptions(settings)).toEqual({ url: "http://127.0.0.1:1", metadata: {} });
    expect(clientOptions({ ...settings, token: "t", metadata: "database: a" })).toMatchObject({
      token: "t",
      metadata: { database: "a" },
    });
    expect(clientOptions({ ...settings, username: "u", password: "p" })).toMatchObject({
      username: "u",
      password: "p",
    });
  });

  it.each(["grpc://127.0.0.1:1", "127.0.0.1:1", "http://u:p@127.0.0.1", "http://u@127.0.0.1", ""])(
    "refuses %j",
    (url) => {
      expect(() => clientOptions({ ...settings, url })).toThrow(TypeError);
    },
  );
});

describe("parseMetadata", () => {
  it("reads a pair a line, values with colons and spaces too", () => {
    expect(parseMetadata(" Database: my db \n\nx-trace:a:b\nempty:")).toEqual({
      database: "my db",
      "x-trace": "a:b",
      empty: "",
    });
  });

  it("shows no value of a line that it refuses", () => {
    expect(() => parseMetadata("my token: secret")).toThrow(/“my token” is not/);
    expect(() => parseMetadata("my token: secret")).not.toThrow(/secret/);
  });
});

describe("planTexts", () => {
  it.each([
    ["lines", [["Seq Scan"], ["  Filter"]], [{ title: "", text: "Seq Scan\n  Filter" }]],
    [
      "kinds of plans",
      [
        ["logical_plan", "a\nb"],
        ["physical_plan", "c"],
      ],
      [
        { title: "logical plan", text: "a\nb" },
        { title: "physical plan", text: "c" },
      ],
    ],
    [
      "steps",
      [
        [0, "Init", null],
        [10, "Open", 3n],
      ],
      [{ title: "", text: "0   Init\n10  Open  3" }],
    ],
    ["nothing", [], []],
  ])("reads %s", (_what, rows, expected) => {
    expect(planTexts(rows)).toEqual(expected);
  });
});
