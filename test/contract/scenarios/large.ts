import { expect } from "vitest";
import type { Scenario } from "../target.ts";

function ofSize(rows: number, bytesEach: number): Scenario {
  return async (client, dialect) => {
    let read = 0;
    let bytes = 0;
    for await (const batch of client.query(dialect.wide(rows, bytesEach))) {
      const texts = batch.getChild("text")!;
      for (let i = 0; i < batch.numRows; i++) {
        const text: string = texts.get(i);
        bytes += text.length;
        read++;
        expect(text.slice(0, 3) + text.slice(-3)).toBe("xxxxxx");
      }
    }
    expect([read, bytes]).toEqual([rows, rows * bytesEach]);
  };
}

export const twelve: Scenario = ofSize(12, 1_000_000);
export const hundred: Scenario = ofSize(100, 1_000_000);
