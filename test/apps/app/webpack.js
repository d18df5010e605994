import { resolve } from "node:path";
import webpack from "webpack";

const [name] = process.argv.slice(2);
const browser = {
  entry: "./browser.js",
  // Its default is a warning above 244 kB, which apache-arrow alone reaches; test/package/size weighs the package.
  performance: { hints: false },
};
const node = {
  entry: "./service.js",
  target: "node20",
  externals: { "@duckdb/node-api": "module @duckdb/node-api" },
  experiments: { outputModule: true },
};
const output = {
  path: resolve(name),
  filename: name === "node" ? "service.js" : "browser.js",
  devtoolModuleFilenameTemplate: "[absolute-resource-path]",
  ...(name === "node" && { module: true, chunkFormat: "module" }),
};
const config = { mode: "production", devtool: "source-map", ...(name === "node" ? node : browser), output };

webpack(config, (error, stats) => {
  if (error) throw error;
  const text = stats.toString({ all: false, errors: true, warnings: true });
  if (text !== "") console.log(text);
  process.exitCode = stats.hasErrors() ? 1 : 0;
});
