import type { ControlAnswer, ControlRequest } from "../../interop/control.ts";
import type { Service, ServiceRequest } from "../../interop/service.ts";
import { inject } from "./vitest.ts";

/** Has the lane start a server, since not every runtime can. */
export async function startRemotely(request: ServiceRequest): Promise<Service> {
  const { id, url, ca } = await ask({ start: request });
  return {
    url,
    ...(ca !== undefined && { ca }),
    stop: async () => {
      await ask({ stop: id });
    },
  };
}

async function ask(request: ControlRequest): Promise<Extract<ControlAnswer, { id: number }>> {
  const response = await fetch(String(inject("control")), { method: "POST", body: JSON.stringify(request) });
  const answer = (await response.json()) as ControlAnswer;
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}
