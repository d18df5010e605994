import type { Explanation } from "../errors.ts";
import { byId, make } from "../page.ts";
import { recentAddresses, remembered, type ServerSettings } from "./settings.ts";

export type ConnectionState = "connecting" | "connected" | "failed";

/** The server the page talks to: the field at the top that shows it, and the dialog that changes it. */
export class ConnectionBox {
  readonly #dialog = byId("connection", HTMLDialogElement);
  readonly #url = byId("url", HTMLInputElement);
  readonly #token = byId("token", HTMLInputElement);
  readonly #username = byId("username", HTMLInputElement);
  readonly #password = byId("password", HTMLInputElement);
  readonly #metadata = byId("metadata", HTMLTextAreaElement);
  readonly #trouble = byId("connection-trouble", HTMLElement);
  readonly #connected = byId("connected", HTMLElement);
  readonly #submit = byId("connection-submit", HTMLButtonElement);
  readonly #button = byId("server", HTMLButtonElement);
  readonly #name = byId("server-name", HTMLElement);
  readonly #dot = byId("server-state", HTMLElement);

  /** `connect` is called with what somebody asks for; the dialog stays open with what it explains. */
  constructor(origin: string, connect: (settings: ServerSettings) => Promise<Explanation | undefined>) {
    const { url, username } = remembered() ?? { url: origin, username: "" };
    this.#url.value = url;
    this.#username.value = username;
    this.#button.addEventListener("click", () => this.open());
    byId("connection-close", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    byId("connection-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#connect(connect);
    });
  }

  /** Opens the dialog, with another address in it if one is given. */
  open(address?: string): void {
    if (address !== undefined) this.#url.value = address;
    byId("recent-servers", HTMLDataListElement).replaceChildren(
      ...recentAddresses().map((url) => {
        const option = document.createElement("option");
        option.value = url;
        return option;
      }),
    );
    this.#explain(undefined);
    this.#dialog.showModal();
  }

  get settings(): ServerSettings {
    return {
      url: this.#url.value.trim(),
      token: this.#token.value,
      username: this.#username.value,
      password: this.#password.value,
      metadata: this.#metadata.value,
    };
  }

  /** @param server its name and version, once it has told them */
  show(state: ConnectionState, address: string, server = ""): void {
    const host = shortAddress(address);
    this.#dot.dataset.state = state;
    this.#name.replaceChildren(...(server ? [make("b", "", server), " "] : []), make("span", "host", host));
    this.#button.ariaLabel = `${server} ${host}, ${state}: change the server`.trim();
    this.#connected.hidden = state !== "connected";
    this.#connected.textContent = `Connected to ${server ? `${server} at ` : ""}${host}.`;
  }

  async #connect(connect: (settings: ServerSettings) => Promise<Explanation | undefined>): Promise<void> {
    this.#explain(undefined);
    this.#submit.disabled = true;
    this.#submit.textContent = "Connecting …";
    const trouble = await connect(this.settings);
    this.#submit.disabled = false;
    this.#submit.textContent = "Connect";
    if (!trouble) return this.#dialog.close();
    this.#explain(trouble);
    this.#url.focus();
  }

  #explain(trouble: Explanation | undefined): void {
    this.#trouble.hidden = trouble === undefined;
    this.#trouble.replaceChildren(
      ...(trouble ? [make("strong", "", trouble.title), make("pre", "", trouble.detail)] : []),
    );
  }
}

function shortAddress(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
