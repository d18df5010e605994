import { afterAll, beforeAll } from "vitest";
import { contract } from "../contract/suite.ts";
import { remoteService } from "./remote-service.ts";
import type { Service } from "./service.ts";
import { sqliteTarget } from "./sqlite-target.ts";

let plain: Service;
let secure: Service;
beforeAll(async () => {
  plain = await remoteService({ server: "sqlite", via: "envoy" });
  secure = await remoteService({ server: "sqlite", via: "envoy-tls" });
});
afterAll(() => Promise.all([plain?.stop(), secure?.stop()]));

contract(sqliteTarget("arrow-go's sqlite through Envoy, Chromium", () => ({ url: plain.url })));
contract(sqliteTarget("arrow-go's sqlite through Envoy, Chromium over TLS and HTTP/2", () => ({ url: secure.url })));
