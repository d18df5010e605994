import { inject } from "vitest";
import type { ControlAnswer, ControlRequest } from "./control.ts";
import type { Service, ServiceRequest } from "./service.ts";

/** `startService` from a page. */
export async function remoteService(request: ServiceRequest): Promise<Service> {
  const answer = await ask({ start: request });
  // The page's own host: browsers send no cookies to another site, and localhost is not the site of 127.0.0.1.
  const url = answer.url.replace("127.0.0.1", location.hostname);
  return {
    url,
    stop: async () => {
      await ask({ stop: answer.id });
    },
  };
}

export async function saveRemotely(proofs: unknown): Promise<void> {
  await ask({ save: proofs });
}

async function ask(request: ControlRequest): Promise<{ id: number; url: string }> {
  const response = await fetch(inject("control"), { method: "POST", body: JSON.stringify(request) });
  const answer = (await response.json()) as ControlAnswer;
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}
