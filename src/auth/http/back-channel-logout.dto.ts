/** A logout request of an identity provider. The service reads it, because its errors are those of RFC 6749. */
export class LogoutTokenFormDto {
  /** Signed by the identity provider. */
  logout_token: string;
}
