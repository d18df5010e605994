import { afterAll, beforeAll } from "vitest";
import { contract } from "../contract/suite.ts";
import type { Service } from "./service.ts";
import { sqliteTarget } from "./sqlite-target.ts";
import { startService } from "./start-service.ts";

let direct: Service;
let proxied: Service;
beforeAll(async () => {
  direct = await startService({ server: "sqlite" });
  proxied = await startService({ server: "sqlite", via: "envoy" });
});
afterAll(() => Promise.all([direct?.stop(), proxied?.stop()]));

contract(sqliteTarget("arrow-go's sqlite, native gRPC", () => ({ url: direct.url })));
contract(sqliteTarget("arrow-go's sqlite through Envoy, fetch on Node", () => ({ url: proxied.url })));
