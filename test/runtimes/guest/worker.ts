// workerd: a Worker that runs everything while it answers one request, since its sockets live no longer than that.

import { run } from "./run.ts";

const worker = {
  async fetch(request: Request): Promise<Response> {
    await run(new URL(request.url).searchParams.get("lane")!);
    return new Response("done\n");
  },
};

// biome-ignore lint/style/noDefaultExport: what workerd looks for
export default worker;
