import type { VNode } from 'preact';
import { Facts } from '../components/facts.js';
import { PostForm } from '../components/post-form.js';
import { Layout, type PageFrame } from './layout.js';

/** What somebody is asked to agree to. */
export interface ConsentFacts {
  readonly csrfToken: string;
  /** The parameters of the request, which come back with the decision and are checked again. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly port: number;
  readonly user: { readonly name: string; readonly email: string };
  readonly organization: { readonly name: string; readonly displayName: string };
  readonly scopes: readonly string[];
  /** How long the token lives, in milliseconds; `undefined` without an end. */
  readonly tokenLifeMs: number | undefined;
}

const MEANINGS: Readonly<Record<string, string>> = {
  'modules:read': 'Read modules',
  'modules:write': 'Publish modules',
  'providers:read': 'Read providers',
  'providers:write': 'Publish providers',
  admin: 'Do everything',
};

/** The question whether a command on this computer gets a token. */
export function ConsentView({ frame, facts }: { frame: PageFrame; facts: ConsentFacts }): VNode {
  const { csrfToken, parameters, port, user, organization, scopes, tokenLifeMs } = facts;
  return (
    <Layout frame={frame} title="Give a token to the command line?">
      <p>
        A <code>terraform login</code> or <code>tofu login</code> on this computer asks for a token. Allow it
        only if you have just started it yourself.
      </p>
      <Facts
        facts={[
          ['Signed in as', `${user.name} (${user.email})`],
          ['Organization', `${organization.displayName} (${organization.name})`],
          ['The token may', <Scopes key="scopes" scopes={scopes} />],
          ['Good for', lifeText(tokenLifeMs)],
          ['Goes to', `port ${port} of this computer`],
        ]}
      />
      <PostForm action="/api/v1/oauth/authorize" csrfToken={csrfToken} hidden={parameters} class="choice">
        <button type="submit" name="decision" value="allow">
          Allow
        </button>
        <button type="submit" name="decision" value="deny" class="second">
          Deny
        </button>
      </PostForm>
    </Layout>
  );
}

function Scopes({ scopes }: { scopes: readonly string[] }): VNode {
  return (
    <ul>
      {scopes.map((scope) => (
        <li key={scope}>
          {Object.hasOwn(MEANINGS, scope) ? `${MEANINGS[scope]} ` : ''}
          <code>{scope}</code>
        </li>
      ))}
    </ul>
  );
}

function lifeText(lifeMs: number | undefined): string {
  if (lifeMs === undefined) return 'until you revoke it';
  const hours = lifeMs / 3_600_000;
  const [amount, unit] =
    hours >= 48 ? [hours / 24, 'days'] : hours >= 2 ? [hours, 'hours'] : [hours * 60, 'minutes'];
  return `${Math.floor(amount)} ${unit}, or until you revoke it`;
}
