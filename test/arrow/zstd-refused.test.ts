import { afterAll, expect, test } from "vitest";
import { codecLoader } from "../../src/arrow/codecs.ts";
import { loadWasmZstd } from "../../src/arrow/zstd.ts";
import { golden } from "./golden/golden.ts";
import { decodeMessages, messagesOf, valuesOf } from "./streams.ts";

// workerd and pages with a strict Content-Security-Policy refuse to compile. A file of its own, since zstddec compiles once.
const { instantiate } = WebAssembly;
const refuse = (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports): Promise<never> =>
  // Modules that are compiled already belong to the platform: Node's fetch has one.
  source instanceof WebAssembly.Module
    ? (instantiate(source, imports) as Promise<never>)
    : Promise.reject(new WebAssembly.CompileError("refused by the policy"));
WebAssembly.instantiate = refuse;
afterAll(() => {
  WebAssembly.instantiate = instantiate;
});

test("where WebAssembly is refused, Zstandard is inflated by JavaScript", async () => {
  const { stream, batches } = golden("zstd/mixed");
  expect(valuesOf((await decodeMessages(await messagesOf(stream), codecLoader())).batches)).toEqual(batches);
  await expect(loadWasmZstd()).rejects.toThrow("refused");
});
