import { codecLoader } from "./arrow/codecs.ts";
import type { ClientOptions, Platform } from "./flight/options.ts";
import { FlightSqlClient as Client } from "./sql/client.ts";
import { createFetchTransport } from "./transport/fetch.ts";

export * from "./sql/index.ts";

const web: Platform = {
  schemes: { secure: "https", insecure: "http" },
  // Browsers open six connections to a host over HTTP/1.1, and a cancel must still get through.
  parallelism: 3,
  dialer:
    ({ interceptors, maxMessageBytes, fetch, credentials }) =>
    (uri) =>
      /^https?:/i.test(uri)
        ? createFetchTransport({ baseUrl: uri, interceptors, maxMessageBytes, fetch, credentials })
        : null,
  loadCodec: codecLoader(),
};

/** The Flight SQL client. `new FlightSqlClient("https://flight.example.com")` or with `ClientOptions`. */
export class FlightSqlClient extends Client {
  constructor(options: string | ClientOptions) {
    super(options, web);
  }
}
