import { FlightSqlClient } from "flightsql";
import { byId } from "./page.ts";

export type ConnectionState = "connecting" | "connected" | "failed";

/** The server the page talks to, as the field at the top shows it. */
export class ConnectionBox {
  readonly #dialog = byId("connection", HTMLDialogElement);
  readonly #url = byId("url", HTMLInputElement);
  readonly #token = byId("token", HTMLInputElement);
  readonly #button = byId("server", HTMLButtonElement);
  readonly #name = byId("server-name", HTMLElement);
  readonly #dot = byId("server-state", HTMLElement);

  /** `connect` is called whenever somebody asks for a server; `client()` then gives one for it. */
  constructor(address: string, connect: () => void) {
    this.#url.value = address;
    this.#button.addEventListener("click", () => this.#dialog.showModal());
    byId("connection-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      const asked = this.#dialog.returnValue === "connect";
      this.#dialog.returnValue = "";
      if (asked) connect();
    });
  }

  get address(): string {
    return this.#url.value;
  }

  /** A client for what the fields say. */
  client(): FlightSqlClient {
    const url = this.#url.value;
    return new FlightSqlClient(this.#token.value ? { url, token: this.#token.value } : { url });
  }

  show(state: ConnectionState): void {
    this.#dot.dataset.state = state;
    this.#name.textContent = shortAddress(this.address);
    this.#button.ariaLabel = `${shortAddress(this.address)}, ${state}: change the server`;
  }
}

function shortAddress(address: string): string {
  try {
    return new URL(address).host || address;
  } catch {
    return address;
  }
}
