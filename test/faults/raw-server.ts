import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Certificate } from "../interop/certificate.ts";
import { type Manners, RawConnection } from "./raw-connection.ts";
import type { RawStream } from "./raw-stream.ts";

/** What the server does with a call. */
export type Script = (stream: RawStream) => unknown;

export interface RawServerOptions {
  readonly tls?: Certificate;
  readonly manners?: Partial<Manners>;
}

/** A Flight SQL server over raw HTTP/2 that can misbehave at any point. */
export class RawServer {
  /** What it does with calls. Default: it answers them well. */
  script: Script | undefined;
  /** Of the connections from now on. */
  manners: Partial<Manners>;
  /** Every call it saw, in order. */
  readonly calls: RawStream[] = [];
  /** Open connections, oldest first. */
  readonly connections: RawConnection[] = [];
  /** How many connections there ever were. */
  connected = 0;
  readonly #tls: Certificate | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor({ tls, manners = {} }: RawServerOptions) {
    this.#tls = tls;
    this.manners = manners;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `grpc${this.#tls === undefined ? "" : "+tls"}://127.0.0.1:${this.#port}`;
  }

  /** How often a method was called; `DoAction` whatever the action. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  /** Listens on the port that it had before, if it had one. */
  async listen(): Promise<this> {
    const accept = (socket: Socket): void => this.#accept(socket);
    const tls = this.#tls;
    const server =
      tls === undefined ? createServer(accept) : createTlsServer({ ...tls, ALPNProtocols: ["h2"] }, accept);
    server.on("tlsClientError", () => {});
    this.#server = server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Stops listening and cuts all connections. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const { socket } of [...this.connections]) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.connected++;
    const { settings = {}, acknowledges = true } = this.manners;
    const connection = new RawConnection(
      socket,
      { settings, acknowledges },
      {
        stream: (stream) => {
          this.calls.push(stream);
          void Promise.resolve((this.script ?? answerWell)(stream));
        },
        close: (gone) => {
          const at = this.connections.indexOf(gone);
          if (at >= 0) this.connections.splice(at, 1);
        },
      },
    );
    this.connections.push(connection);
  }
}

const answerWell: Script = (stream) => stream.answer();

/** Puts a fault into calls of one method; the others are answered well. */
export function only(method: string, script: Script): Script {
  return (stream) => (stream.method === method ? script(stream) : stream.answer());
}
