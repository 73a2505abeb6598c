/** A way to sign in. */
export class SignInProviderDto {
  id: 'oidc' | 'azuread' | 'local';
  display_name: string;
}

/** The ways to sign in, and what is open without. */
export class ProvidersDto {
  providers: SignInProviderDto[];
  anonymous_read: boolean;
  dev_login: boolean;
}
