/** The points of an answer at which something can go wrong. */
export const stages = [
  "before headers",
  "after headers",
  "within a message",
  "between messages",
  "before trailers",
] as const;
export type Stage = (typeof stages)[number];
