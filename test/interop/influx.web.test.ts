import { afterAll, beforeAll, describe } from "vitest";
import { describeInflux } from "../contract/influx.ts";
import { remoteService } from "./remote-service.ts";
import type { Service } from "./service.ts";

for (const tls of [false, true]) {
  describe(`a server like InfluxDB 3, Chromium over ${tls ? "TLS" : "HTTP"}`, () => {
    let service: Service;
    beforeAll(async () => {
      service = await remoteService({ server: "influx", tls });
    });
    afterAll(() => service?.stop());
    describeInflux(() => ({ url: service.url }));
  });
}
