import type { Notice } from "./notice.ts";
import { fromHash, type Shared, toHash } from "./share.ts";

/** Milliseconds for which a button says that it has copied. */
const COPIED_MS = 2000;

/** Lets a button copy a link to the page with what it shows. */
export function linkButton(button: HTMLButtonElement, notice: Notice, shared: () => Shared): void {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const link = new URL(await toHash(shared()), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      // Pages that are not served safely have no clipboard.
      notice.info("The browser does not let this page copy. Here is the link:", link);
      return;
    }
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = label;
    }, COPIED_MS);
  });
}

/** Hands on what the page's own address brings, and takes it out of the address, so that a reload does not bring it again. */
export async function openLink(notice: Notice, open: (shared: Shared) => void): Promise<void> {
  const hash = location.hash;
  if (!hash.includes("sql=")) return;
  window.history.replaceState(null, "", location.pathname + location.search);
  try {
    const shared = await fromHash(hash);
    if (shared) open(shared);
  } catch (error) {
    notice.info(error instanceof Error ? error.message : String(error), "");
  }
}
