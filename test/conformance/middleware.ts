import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { equal, fails, utf8 } from "./assert.ts";
import type { Scenario } from "./scenario.ts";

const header = "x-middleware";
const value = "expected value";

export const middleware: Scenario = {
  name: "middleware",
  async run({ connect, proves }) {
    let received: string | null = null;
    const record = (...headers: Headers[]): void => {
      for (const some of headers) received = some.get(header) ?? received;
    };
    const interceptor: Interceptor = (next) => async (request) => {
      request.header.set(header, value);
      try {
        const response = await next(request);
        record(response.header, response.trailer);
        return response;
      } catch (thrown) {
        if (thrown instanceof ConnectError) record(thrown.metadata);
        throw thrown;
      }
    };
    const { flight } = connect({ interceptors: [interceptor] });

    const error = await fails(flight.getFlightInfo({ cmd: utf8("") }), "unknown", "GetFlightInfo of nothing");
    equal(received, value, `${header} of a failed call`);
    // Ours: the error carries it as well.
    equal(error.metadata.get(header), value, `${header} in the error's metadata`);

    received = null;
    const info = await flight.getFlightInfo({ cmd: utf8("success") });
    equal(received, value, `${header} of a call that succeeds`);
    equal(info.schema?.fields, [], "the FlightInfo's columns");
    proves("Custom middleware");
  },
};
