let refused: string | undefined;

// The browser tells a page's scripts only "failed to fetch" when the page's own policy was the reason.
document.addEventListener("securitypolicyviolation", (event) => {
  if (event.effectiveDirective === "connect-src") refused = new URL(event.blockedURI).origin;
});

/** The origin that the page's Content-Security-Policy kept the call from that has just failed, if it did. */
export async function refusedOrigin(): Promise<string | undefined> {
  // The event comes as a task of its own, at times behind the failure.
  await new Promise((resolve) => setTimeout(resolve));
  const origin = refused;
  refused = undefined;
  return origin;
}
