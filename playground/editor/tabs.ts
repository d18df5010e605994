import { byId, make } from "../page.ts";
import { tabKeys } from "../tab-keys.ts";
import type { QueryTab, TabStore } from "./tab-store.ts";

/** Milliseconds of no typing before the tabs are kept. */
const TYPING_MS = 300;

export interface TabEvents {
  /** This tab is to be shown. */
  show(tab: QueryTab): void;
  /** The editor is to get the focus. */
  write(): void;
  closed(tab: QueryTab, undo: () => void): void;
  /** The browser has no room to keep the tabs. */
  unkept(): void;
}

/** The row of tabs above the editor: click shows, double click or F2 renames, × or Delete closes. */
export class QueryTabs {
  readonly #list = byId("tabs", HTMLElement);
  readonly #panel = byId("editor", HTMLElement);
  readonly #store: TabStore;
  readonly #events: TabEvents;
  #tabs: QueryTab[];
  #active: string;
  readonly #shown = new Map<string, HTMLElement>();
  /** Whether the last save went well: who knows need not be told at every letter. */
  #isKept = true;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(store: TabStore, events: TabEvents) {
    this.#store = store;
    this.#events = events;
    this.#tabs = store.initial.tabs;
    this.#active = store.initial.active;
    tabKeys(this.#list);
    this.#list.addEventListener("keydown", (event) => {
      const tab = this.#tabs.find(({ id }) => (event.target as HTMLElement).dataset.id === id);
      if (!tab || (event.key !== "Delete" && event.key !== "F2")) return;
      event.preventDefault();
      if (event.key === "F2") return this.#rename(tab);
      this.#close(tab);
      this.#elementOf(this.active)?.focus();
    });
    window.addEventListener("pagehide", () => this.#save());
    this.#draw();
  }

  get active(): QueryTab {
    return this.#tabs.find((tab) => tab.id === this.#active)!;
  }

  /** Keeps what the shown tab's text has become. */
  changed(sql: string): void {
    this.active.sql = sql;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#save(), TYPING_MS);
  }

  /** Shows a new tab with that text; an empty one that is shown is taken for it. */
  add(sql: string, title?: string): void {
    if (sql !== "" && this.active.sql.trim() === "") {
      this.active.sql = sql;
      if (title) this.active.title = title;
      this.#show(this.active);
      return;
    }
    const tab = { id: crypto.randomUUID?.() ?? String(Math.random()), title: title ?? this.#freeTitle(), sql };
    this.#tabs.push(tab);
    this.#show(tab);
  }

  /** Shows the tab that many places to the right. */
  step(by: number): void {
    const at = this.#tabs.indexOf(this.active);
    this.#show(this.#tabs[(at + by + this.#tabs.length) % this.#tabs.length]!);
  }

  #show(tab: QueryTab): void {
    this.#active = tab.id;
    this.#draw();
    this.#save();
    this.#events.show(tab);
  }

  #close(tab: QueryTab): void {
    const at = this.#tabs.indexOf(tab);
    this.#tabs.splice(at, 1);
    if (this.#tabs.length === 0) this.#tabs.push({ id: `${tab.id}+`, title: "Query 1", sql: "" });
    if (tab.id === this.#active) this.#show(this.#tabs[Math.min(at, this.#tabs.length - 1)]!);
    this.#draw();
    this.#save();
    if (tab.sql.trim() === "") return;
    this.#events.closed(tab, () => {
      this.#tabs.splice(at, 0, tab);
      this.#show(tab);
    });
  }

  #rename(tab: QueryTab): void {
    const shown = this.#elementOf(tab);
    if (!shown) return;
    const input = make("input", "rename");
    input.value = tab.title;
    input.ariaLabel = `New name of ${tab.title}`;
    input.maxLength = 60;
    let isOver = false;
    const end = (isKept: boolean): void => {
      // Taking the field away blurs it, too.
      if (isOver) return;
      isOver = true;
      if (isKept && input.value.trim() !== "") tab.title = input.value.trim();
      this.#draw();
      this.#save();
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      end(event.key === "Enter");
      this.#elementOf(tab)?.focus();
    });
    shown.replaceWith(input);
    input.select();
  }

  #draw(): void {
    for (const id of this.#shown.keys()) if (!this.#tabs.some((tab) => tab.id === id)) this.#shown.delete(id);
    const shown = this.#tabs.map((tab) => this.#tab(tab));
    // Only when it differs: what is put in anew loses the focus, and the first half of a double click.
    const isSame =
      shown.length === this.#list.children.length && shown.every((one, i) => one === this.#list.children[i]);
    if (!isSame) this.#list.replaceChildren(...shown);
    this.#panel.setAttribute("aria-labelledby", `tab-${this.#active}`);
    this.#elementOf(this.active)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #tab(tab: QueryTab): HTMLElement {
    const shown = this.#shown.get(tab.id) ?? this.#newTab(tab);
    this.#shown.set(tab.id, shown);
    const isActive = tab.id === this.#active;
    shown.ariaSelected = String(isActive);
    shown.tabIndex = isActive ? 0 : -1;
    shown.title = `${tab.title}\nDouble click or F2: rename. Delete: close.`;
    shown.querySelector(".label")!.textContent = tab.title;
    return shown;
  }

  #newTab(tab: QueryTab): HTMLElement {
    const shown = make("div", "tab", make("span", "label"));
    shown.role = "tab";
    shown.id = `tab-${tab.id}`;
    shown.dataset.id = tab.id;
    shown.setAttribute("aria-controls", "editor");
    shown.setAttribute("aria-keyshortcuts", "F2 Delete");
    shown.addEventListener("click", (event) => {
      if (tab.id !== this.#active) this.#show(tab);
      // By pointer: what is wanted is to write. Keys stay with the tabs.
      if (event.detail > 0) this.#events.write();
    });
    shown.addEventListener("dblclick", () => this.#rename(tab));
    // For pointers alone: a tab may hold no control of its own, and the keyboard has Delete.
    const close = make("span", "close", "×");
    close.ariaHidden = "true";
    close.addEventListener("click", (event) => {
      event.stopPropagation();
      this.#close(tab);
    });
    shown.append(close);
    return shown;
  }

  #elementOf(tab: QueryTab): HTMLElement | undefined {
    return this.#shown.get(tab.id);
  }

  #freeTitle(): string {
    const taken = new Set(this.#tabs.map((tab) => tab.title));
    for (let number = 1; ; number++) if (!taken.has(`Query ${number}`)) return `Query ${number}`;
  }

  #save(): void {
    clearTimeout(this.#typing);
    const isKept = this.#store.save({ tabs: this.#tabs, active: this.#active });
    if (!isKept && this.#isKept) this.#events.unkept();
    this.#isKept = isKept;
  }
}
