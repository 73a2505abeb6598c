import { expect } from 'vitest';
import { uniqueName } from '../../../support/factories/names.js';
import type { CiIssuer, SignOptions } from '../../../support/fakes/ci-issuer.js';
import type { AppRequest, TestApp } from '../../../support/test-app.js';
import { CI_CASES, type CiCase } from './ci-claims.js';

type Claims = Readonly<Record<string, unknown>>;

/** A trusted publisher of a test, of a repository that no other test has. */
export interface TestPublisher {
  readonly id: string;
  readonly organizationId: string;
  readonly namespaces: readonly string[];
  readonly fixed: Readonly<Record<string, string>>;
  /** A token of a run that the publisher trusts, with these claims changed. */
  readonly sign: (claims?: Claims, options?: SignOptions) => Promise<string>;
}

/** The form of an exchange, ready to be sent. */
export function exchangeForm(token: string, more: Record<string, string> = {}): AppRequest {
  const fields = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: token,
    ...more,
  };
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}

/** Makes trusted publishers of an issuer in an application. */
export class CiPublishers {
  private count = 1_000;

  private constructor(
    private readonly app: TestApp,
    private readonly issuer: CiIssuer,
    private readonly adminKey: string,
    private readonly defaultId: string,
  ) {}

  static async of(app: TestApp, issuer: CiIssuer): Promise<CiPublishers> {
    const [row] = await app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
    return new CiPublishers(app, issuer, await app.issueKey('admin'), row!.id);
  }

  get organizationId(): string {
    return this.defaultId;
  }

  /** A publisher with namespaces of its own: of a GitHub repository that is new, or exactly `ci`. */
  async add(
    given: { ci?: CiCase; namespaces?: number; scopes?: string[]; organizationId?: string } = {},
  ): Promise<TestPublisher> {
    const { ci = this.newRepository(), organizationId = this.defaultId } = given;
    const namespaces = Array.from({ length: given.namespaces ?? 1 }, () => uniqueName('pipeline'));
    const json = {
      issuer: this.issuer.issuer,
      subject_kind: ci.kind,
      claims: ci.fixed,
      namespaces,
      scopes: given.scopes ?? ['modules:write', 'providers:write'],
    };
    const path = `/api/v1/organizations/${organizationId}/trusted-publishers`;
    const answer = await this.app.request(path, { method: 'POST', key: this.adminKey, json });
    expect(answer.status, answer.body.toString()).toBe(201);
    const { id } = answer.json<{ id: string }>();
    const sign = (claims: Claims = {}, options: SignOptions = {}) =>
      this.issuer.sign({ aud: this.app.config.tokenExchange.audience, ...ci.claims, ...claims }, options);
    return { id, organizationId, namespaces, fixed: ci.fixed, sign };
  }

  private newRepository(): CiCase {
    const [{ fixed, claims, ...github }] = CI_CASES as [CiCase];
    this.count += 1;
    const own = { repository_id: String(this.count) };
    return { ...github, fixed: { ...fixed, ...own }, claims: { ...claims, ...own } };
  }

  /** Deletes a publisher. */
  async remove({ id, organizationId }: TestPublisher): Promise<void> {
    const path = `/api/v1/organizations/${organizationId}/trusted-publishers/${id}`;
    expect((await this.app.request(path, { method: 'DELETE', key: this.adminKey })).status).toBe(204);
  }
}
