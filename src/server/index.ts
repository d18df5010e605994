export { type Access, type Gate, openGate } from "./access.ts";
export * from "./backend.ts";
export type { BrowserRules } from "./browsers.ts";
export { type Listening, type ListenOptions, listen } from "./listen.ts";
export { flightRoutes } from "./routes.ts";
export { metadataSchemas } from "./schemas.ts";
