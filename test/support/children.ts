import type { ChildProcess } from "node:child_process";

const children = new Set<ChildProcess>();
const kill = (): void => {
  for (const child of children) child.kill("SIGKILL");
};
process.on("exit", kill);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    kill();
    process.kill(process.pid, signal); // our handler is gone by now: the process ends as it would have
  });
}

/** The child does not outlive this process, whatever that ends of, short of SIGKILL. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once("close", () => children.delete(child));
}
