import { expect } from "vitest";
import type { Scenario } from "../target.ts";

export const options: Scenario = async (client) => {
  const refused = await client.setSessionOptions({ contract_text: "a", contract_list: ["x", "", "y"], contract_n: 5n });
  expect(refused).toEqual(new Map());
  const set = await client.getSessionOptions();
  expect(set.get("contract_text")).toBe("a");
  expect(set.get("contract_list")).toEqual(["x", "", "y"]);
  expect(set.get("contract_n")).toBe(5n);
  await client.setSessionOptions({ contract_text: null });
  expect((await client.getSessionOptions()).has("contract_text")).toBe(false);
  expect(await client.closeSession()).toBe("closed");
};
