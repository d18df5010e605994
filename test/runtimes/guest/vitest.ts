// What the contract's tests take from vitest, in runtimes where vitest itself does not run. The bundles have this in its
// place; test functions, hooks and matchers are vitest's own.

import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from "@vitest/expect";

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  onTestFailed,
  onTestFinished,
  test,
} from "@vitest/runner";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

type Expect = typeof import("vitest").expect;
const base = (value: unknown, message?: string): Chai.Assertion => chai.expect(value, message);
// vitest's own is the same function with these plugins; their types are known to vitest alone.
export const expect: Expect = Object.assign(base, chai.expect) as unknown as Expect;
setState({ assertionCalls: 0 }, expect);

let provided: Readonly<Record<string, unknown>> = {};

/** What `inject` gives from now on. */
export function provide(values: Readonly<Record<string, unknown>>): void {
  provided = values;
}

export function inject(key: string): unknown {
  if (!(key in provided)) throw new Error(`the lane provides no "${key}"`);
  return provided[key];
}
