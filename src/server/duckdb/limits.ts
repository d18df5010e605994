/* How long what clients hold is kept when they do not use it, and how much they may give. */

export const transactionIdleMs: number = 5 * 60_000;
export const preparedIdleMs: number = 30 * 60_000;
export const sessionIdleMs: number = 30 * 60_000;
export const maxParameterBytes: number = 256 << 20;
