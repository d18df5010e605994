/* How long what clients hold is kept when they do not use it, how much that may be, and how much they may give. */

export const transactionIdleMs: number = 5 * 60_000;
export const preparedIdleMs: number = 30 * 60_000;
export const sessionIdleMs: number = 30 * 60_000;
/** A query that is polled, and what is held of its result. */
export const pollIdleMs: number = 2 * 60_000;
export const maxPolled: number = 1000;
/** What is held of one polled result, and of all of them. */
export const maxHeldBytes: number = 64 << 20;
export const maxHeldBytesInAll: number = 256 << 20;
export const maxParameterBytes: number = 256 << 20;
