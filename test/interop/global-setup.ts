import type { TestProject } from "vitest/node";
import { serveControl } from "./control.ts";

/** For tests in browsers, which start servers through the control. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const control = await serveControl();
  project.provide("control", control.url);
  return () => control.stop();
}
