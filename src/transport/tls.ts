/** TLS of native gRPC connections. Node only. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of the system's, PEM. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Client certificate, PEM, for mutual TLS; with `key`. */
  cert?: string | Uint8Array | undefined;
  key?: string | Uint8Array | undefined;
  /** Name expected in the server's certificate, when it is not the host's. */
  serverName?: string | undefined;
  /** `false` takes any certificate. Default `true`. */
  rejectUnauthorized?: boolean | undefined;
}
