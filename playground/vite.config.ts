import { fileURLToPath } from "node:url";
import type { UserConfig } from "vite";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const config: UserConfig = {
  root: file("."),
  // Relative addresses: the page may be served from any path.
  base: "./",
  resolve: {
    // The page is built from this checkout, by the name other programs use.
    alias: [
      { find: /^flightsql$/, replacement: file("../src/web.ts") },
      { find: /^flightsql\/mosaic$/, replacement: file("../src/mosaic/index.ts") },
    ],
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // The SQL page, and a dashboard beside it.
    rolldownOptions: { input: [file("index.html"), file("mosaic.html")] },
    // No data: addresses: the page's Content-Security-Policy is `default-src 'self'`.
    assetsInlineLimit: 0,
    // Half of it is apache-arrow, and all of it is needed before the first row.
    chunkSizeWarningLimit: 1000,
  },
};

export default config;
