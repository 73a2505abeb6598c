const UNTRUSTED =
  'its certificate is not of an authority that this server trusts; one of its own is named in security.egress.ca_file';
const TOO_OLD = 'it does not speak TLS 1.2 or later';

/** By the codes of Node and OpenSSL. */
const SENTENCES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not good yet; compare the clocks',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other host names',
  INVALID_PURPOSE: 'its certificate is not for servers',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: TOO_OLD,
  ERR_SSL_UNSUPPORTED_PROTOCOL: TOO_OLD,
  ERR_SSL_WRONG_VERSION_NUMBER: TOO_OLD,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: TOO_OLD,
};

/** Why no TLS connection was made, to end a sentence; `undefined` when it is not about TLS. */
export function tlsFailure(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined;
}
