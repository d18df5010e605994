import { afterAll, beforeAll, describe } from "vitest";
import { selfSigned } from "../interop/certificate.ts";
import { type InfluxServer, startInflux } from "../support/influx-server.ts";
import { describeInflux } from "./influx.ts";

const certificate = selfSigned();
let plain: InfluxServer;
let secure: InfluxServer;
beforeAll(async () => {
  [plain, secure] = await Promise.all([startInflux(), startInflux(certificate)]);
});
afterAll(() => Promise.all([plain?.stop(), secure?.stop()]));

describe("a server like InfluxDB 3, gRPC", () => {
  describeInflux(() => ({ url: plain.url }));
});
describe("a server like InfluxDB 3, gRPC over TLS, by host and port as the service is addressed", () => {
  describeInflux(() => ({ host: "localhost", port: secure.port, tls: { ca: certificate.cert } }));
});
describe("a server like InfluxDB 3, gRPC-Web by fetch on Node", () => {
  describeInflux(() => ({ url: plain.webUrl }));
});
