import { afterAll, beforeAll } from "vitest";
import { sqlite } from "../contract/dialects.ts";
import { contract } from "../contract/suite.ts";
import type { Service } from "./service.ts";
import { startService } from "./start-service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService({ server: "sqlite" });
});
afterAll(() => service?.stop());

contract({ name: "arrow-go's sqlite", options: () => ({ url: service.url }), dialect: sqlite, cannot: {} });
