import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the page's built files, which the package brings along beside this code. */
export function pageFolder(): string {
  const folder = fileURLToPath(new URL("../playground/", import.meta.url));
  if (!existsSync(`${folder}index.html`)) {
    throw new Error(`the page is not in ${folder}: in a checkout, npm run build makes it`);
  }
  return folder;
}
