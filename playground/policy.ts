let refused: string | undefined;

// The browser tells a page's scripts only "failed to fetch" when the page's own policy was the reason.
document.addEventListener("securitypolicyviolation", (event) => {
  if (event.effectiveDirective === "connect-src") refused = new URL(event.blockedURI).origin;
});

/**
 * The origin that the page's Content-Security-Policy kept the call from that has just failed, if it did.
 *
 * @param address the server that was called; another one may have been refused a moment ago
 */
export async function refusedOrigin(address?: string): Promise<string | undefined> {
  // The event comes as a task of its own, at times behind the failure.
  await new Promise((resolve) => setTimeout(resolve));
  const origin = refused;
  refused = undefined;
  const isCalled = address === undefined || (URL.canParse(address) && new URL(address).origin === origin);
  return isCalled ? origin : undefined;
}
