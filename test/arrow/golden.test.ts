import { describe, expect, test } from "vitest";
import { goldens } from "./golden/golden.ts";
import { decodeMessages, messagesOf, valuesOf } from "./streams.ts";

describe.each(goldens)("$name", ({ stream, batches, options }) => {
  test("gives the values that pyarrow wrote", async () => {
    const decoded = await decodeMessages(await messagesOf(stream));
    expect(valuesOf(decoded.batches)).toEqual(batches);
    // The column behind it counts rows: a buffer too many or too few would show here.
    for (const [b, counts] of valuesOf(decoded.batches, {}, 1).entries()) expect(counts).toHaveLength(batches[b]!.length);
    for (const [option, expected] of options) expect(valuesOf(decoded.batches, option)).toEqual(expected);
  });
});
