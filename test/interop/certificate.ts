// Self-signed certificates from nothing but node:crypto, since a bare machine has no openssl program.

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

type Der = Uint8Array;

function der(tag: number, ...parts: Der[]): Der {
  const body = Buffer.concat(parts);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...parts: Der[]): Der => der(0x30, ...parts);
const oid = (hex: string): Der => der(0x06, Buffer.from(hex, "hex"));
const octets = (body: Der): Der => der(0x04, body);
const bits = (body: Der): Der => der(0x03, Buffer.from([0]), body);
const utcTime = (date: Date): Der =>
  der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
const yes = der(0x01, Buffer.from([0xff]));
const pem = (kind: string, body: Der): string =>
  `-----BEGIN ${kind}-----\n${Buffer.from(body).toString("base64").replace(/.{64}/g, "$&\n").trimEnd()}\n-----END ${kind}-----\n`;

/** PEM texts of a certificate and its private key. */
export interface Certificate {
  cert: string;
  key: string;
}

/**
 * An ECDSA P-256 certificate for the hosts, valid from yesterday for 30 days, signed by itself: give `cert` as the `ca`
 * of who is to trust it. It serves as a server's and as a client's.
 */
export function selfSigned(hosts: readonly string[] = ["localhost", "127.0.0.1"]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = 86_400_000;
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
  const name = sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(hosts[0] ?? "localhost")))));
  const names = hosts.map((host) =>
    isIPv4(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host)),
  );
  const extensions = sequence(
    sequence(oid("551d13"), yes, octets(sequence(yes))), // basicConstraints: CA, so that it may sign itself
    sequence(oid("551d11"), octets(sequence(...names))), // subjectAltName
  );
  const serial = randomBytes(8);
  serial[0] = (serial[0]! & 0x7f) | 0x40; // positive, no leading zero
  // RFC 5280, 4.1: TBSCertificate, version 3
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + 29 * day))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  return {
    cert: pem("CERTIFICATE", sequence(body, ecdsaWithSha256, bits(sign("sha256", body, privateKey)))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
