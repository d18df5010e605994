import { fileURLToPath } from "node:url";
import type { UserConfig } from "vite";

const config: UserConfig = {
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Relative addresses: the page may be served from any path.
  base: "./",
  resolve: {
    // The page is built from this checkout, by the name other programs use.
    alias: [{ find: /^flightsql$/, replacement: fileURLToPath(new URL("../src/web.ts", import.meta.url)) }],
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // No data: addresses: the page's Content-Security-Policy is `default-src 'self'`.
    assetsInlineLimit: 0,
    // Half of it is apache-arrow, and all of it is needed before the first row.
    chunkSizeWarningLimit: 1000,
  },
};

export default config;
