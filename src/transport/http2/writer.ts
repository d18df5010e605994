import type { Socket } from "node:net";

// A write of several pieces takes the system longer than one, and so few bytes are quickly made one.
const copiedBytes = 4096;

// How long what is not urgent may wait for something to leave with.
const lateMs = 1;

/** What goes to a socket, many small frames in one write. */
export class SocketWriter {
  readonly #socket: Socket;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #isDue = false;
  #late: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that have been written and not taken by the system. */
  get queuedBytes(): number {
    return this.#heldBytes + this.#socket.writableLength;
  }

  /** Leaves at the end of this turn. */
  write(bytes: Uint8Array): void {
    this.#hold(bytes);
    if (this.#isDue) return;
    this.#isDue = true;
    process.nextTick(this.flush);
  }

  /** Leaves with what is written next, if that is soon. */
  writeLate(bytes: Uint8Array): void {
    this.#hold(bytes);
    this.#late ??= setTimeout(this.flush, lateMs);
  }

  /** Sends what is held, now. */
  readonly flush = (): void => {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#isDue = false;
    const held = this.#held;
    const bytes = this.#heldBytes;
    if (bytes === 0) return;
    this.#held = [];
    this.#heldBytes = 0;
    if (bytes <= copiedBytes) {
      this.#socket.write(Buffer.concat(held, bytes));
      return;
    }
    this.#socket.cork();
    for (const part of held) this.#socket.write(part);
    this.#socket.uncork();
  };

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }
}
