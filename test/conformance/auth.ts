import { create, toBinary } from "@bufbuild/protobuf";
import { BasicAuthSchema } from "../../src/gen/Flight_pb.ts";
import { collect, equal, fails, text } from "./assert.ts";
import type { Scenario } from "./scenario.ts";

const username = "arrow";
const password = "flight";

export const basicAuth: Scenario = {
  name: "auth:basic_proto",
  async run({ connect, proves }) {
    const client = connect();
    await fails(collect(client.flight.doAction("")), "unauthenticated", "DoAction without credentials");

    const login = (secret: string): Promise<Uint8Array> => {
      const payload = create(BasicAuthSchema, { username, password: secret });
      return client.flight.handshake(toBinary(BasicAuthSchema, payload));
    };
    await fails(login("wrong"), "unauthenticated", "Handshake with a wrong password");
    const token = await login(password);
    proves("Handshake");

    const identity = await collect(client.flight.doAction("", undefined, { metadata: { "auth-token-bin": token } }));
    equal(identity.map(text), [username], "the peer's identity with the token");
    proves("DoAction");

    // Ours: the client does all of it by itself.
    const own = connect({ username, password });
    equal((await collect(own.flight.doAction(""))).map(text), [username], "the peer's identity, logged in by options");
    const refused = collect(connect({ username, password: "wrong" }).flight.doAction(""));
    await fails(refused, "unauthenticated", "a wrong password in the options");
    proves("Authentication handlers");
  },
};
