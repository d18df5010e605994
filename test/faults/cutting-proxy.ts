import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What is done to one direction of a connection. */
export interface Damage {
  /** Bytes of one segment. Default: as they come. */
  readonly segment?: number;
  /** Pause before each segment, in milliseconds. */
  readonly delayMs?: number;
  /** The connection ends behind so many bytes; how the other side learns of it is `by`. */
  readonly cutAfter?: number;
  /** `"fin"`: an end in order, what was sent arrives. `"rst"`: a TCP reset. Default `"fin"`. */
  readonly by?: "fin" | "rst";
  /** Behind so many bytes nothing is passed on any more, and nothing ends either. */
  readonly stallAfter?: number;
}

export interface Damages {
  /** What the server sends. */
  readonly down?: Damage;
  /** What the client sends. */
  readonly up?: Damage;
}

/** A TCP proxy that delays, cuts, stalls and splits what goes through it. */
export class CuttingProxy {
  /** Of the connections from now on. */
  damages: Damages = {};
  /** Bytes that the server sent over all connections. */
  down = 0;
  /** Bytes that the client sent over all connections. */
  up = 0;
  readonly #target: () => number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  /** @param target port of the server */
  constructor(target: () => number) {
    this.#target = target;
  }

  get port(): number {
    return (this.#server!.address() as AddressInfo).port;
  }

  get url(): string {
    return `grpc://127.0.0.1:${this.port}`;
  }

  async listen(): Promise<this> {
    this.#server = createServer((client) => this.#accept(client)).listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  async close(): Promise<void> {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    const server = connect(this.#target(), "127.0.0.1");
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    const { down = {}, up = {} } = this.damages;
    const end = (by: Damage["by"]): void => {
      server.destroy();
      if (by === "rst") client.resetAndDestroy();
      else client.end(() => client.destroy());
    };
    void pass(server, client, down, end, (bytes) => {
      this.down += bytes;
    });
    void pass(client, server, up, end, (bytes) => {
      this.up += bytes;
    });
  }
}

/** Longer than any test waits. */
const halfOpenMs = 20_000;

async function pass(
  from: Socket,
  to: Socket,
  damage: Damage,
  end: (by: Damage["by"]) => void,
  count: (bytes: number) => void,
): Promise<void> {
  const { segment = Number.POSITIVE_INFINITY, delayMs, by } = damage;
  const limit = Math.min(damage.cutAfter ?? Number.POSITIVE_INFINITY, damage.stallAfter ?? Number.POSITIVE_INFINITY);
  let passed = 0;
  if (damage.cutAfter === 0) return end(by);
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      count(chunk.length);
      for (let at = 0; at < chunk.length && passed < limit; ) {
        const size = Math.min(segment, chunk.length - at, limit - passed);
        if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
        // A turn between two segments, so that they are two reads at the other end.
        await new Promise((resolve) => to.write(chunk.subarray(at, at + size), resolve));
        if (segment < chunk.length) await new Promise((resolve) => setImmediate(resolve));
        at += size;
        passed += size;
      }
      if (passed === damage.cutAfter) return end(by);
    }
  } catch {
    // One side has gone; the other learns of it below.
  }
  if (passed !== damage.stallAfter) to.end();
  // The side that went away is not told of, but not for ever: a soak would collect half-open connections.
  else setTimeout(() => to.destroy(), halfOpenMs).unref();
}
