// The Envoy configuration: the README prints exactly what this writes, and the interop tests run it.

export interface EnvoyListener {
  port: number;
  /** Paths of PEM files: the listener then speaks TLS, HTTP/2 and HTTP/1.1. */
  tls?: { cert: string; key: string };
}

export interface EnvoyConfig {
  /** A gRPC server on 127.0.0.1, plaintext HTTP/2. */
  upstreamPort: number;
  listeners: readonly EnvoyListener[];
  /** Metadata names of your own that pages send and read: `["database"]` unless given. */
  metadata?: readonly string[];
}

/** The configuration file, YAML, for `envoy -c`. */
export function envoyConfig({ upstreamPort, listeners, metadata = ["database"] }: EnvoyConfig): string {
  const own = metadata.map((name) => `, ${name}`).join("");
  const listener = ({ port, tls }: EnvoyListener): string => `\
  - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: flight
          http_filters:
          - name: envoy.filters.http.cors
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors }
          - name: envoy.filters.http.grpc_web
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb }
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
          route_config:
            virtual_hosts:
            - name: flight
              domains: ["*"]
              typed_per_filter_config:
                envoy.filters.http.cors:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
                  # The origins of your pages; credentials are what lets cookies through.
                  allow_origin_string_match: [{ safe_regex: { regex: 'https?://(localhost|127\\.0\\.0\\.1)(:\\d+)?' } }]
                  allow_credentials: true
                  allow_methods: POST, OPTIONS
                  allow_headers: content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization${own}
                  # Without these a page cannot tell an error from an empty answer, nor read a login's token.
                  expose_headers: >-
                    grpc-status, grpc-message, grpc-status-details-bin, authorization,
                    x-arrow-status, x-arrow-status-message-bin, x-arrow-status-detail-bin${own}
                  max_age: "7200"
              routes:
              - match: { prefix: / }
                # A result may take as long as it takes (the default is 15 s), and its reader may pause (5 min).
                route: { cluster: flight, timeout: 0s, idle_timeout: 0s }
${tls === undefined ? "" : transport(tls)}`;
  return `\
static_resources:
  listeners:
${listeners.map(listener).join("")}\
  clusters:
  - name: flight
    load_assignment:
      cluster_name: flight
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${upstreamPort} } } } }] }]
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config:
          http2_protocol_options:
            # All results share one connection to the server. Each paused one keeps up to a stream window of it, so the
            # connection window is the largest there is: ${Math.floor((2 ** 31 - 1) / 2 ** 22)} results may pause before a further one waits.
            initial_stream_window_size: ${2 ** 22}
            initial_connection_window_size: ${2 ** 31 - 1}
`;
}

const transport = (tls: { cert: string; key: string }): string => `\
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_certificates:
            - certificate_chain: { filename: ${tls.cert} }
              private_key: { filename: ${tls.key} }
`;
