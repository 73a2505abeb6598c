/**
 * Writes docs/reference/permissions.md from the policy that the access matrix checks the running application
 * against; with --check it only compares, and ends with status 1 when the page is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { POLICY } from '../test/integration/access/policy.ts';
import { ROLES, SCOPE_MEANINGS } from '../test/integration/access/roles.ts';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const PAGE = join('docs', 'reference', 'permissions.md');

const WORDS = {
  open: 'anybody',
  authenticated: 'any valid credential',
  session: 'a browser session',
  person: 'a credential that belongs to a user',
  own: 'whoever it belongs to',
  owner: 'an owner of the organization, or a platform administrator',
  setup: 'the setup token',
  signed: 'a signed URL',
  link: 'a signed URL, and nothing instead of it',
};
const SCOPED = {
  public: (scope) => `anybody who may read the namespace; \`${scope}\` where it is private`,
  anywhere: (scope) => `\`${scope}\` in at least one organization`,
  platform: (scope) => `\`${scope}\` in the default organization`,
  organization: (scope) => `\`${scope}\` in the organization of the path`,
  object: (scope) => `\`${scope}\` in the organization that owns it`,
  give: () => 'whoever holds what is given in the organization',
  publish: (scope) => `\`${scope}\` in the organization that owns the namespace`,
};

function who({ rule, note }) {
  const [kind, scope] = rule.split(' ');
  const text = WORDS[kind] ?? SCOPED[kind](scope);
  return note === undefined ? text : `${text} (${note})`;
}

function hidden({ rule, object, seenWith }) {
  const [kind] = rule.split(' ');
  if (object === undefined || kind === 'open') return '–';
  if (kind === 'platform' || kind === 'publish' || kind === 'give') return '403';
  if (object === 'api key') return '404; 403 for members of its organization';
  if (kind === 'organization' || kind === 'owner') return '404; 403 with `organizations:read` there';
  if (kind === 'public') return '404; 401 without a credential on a private server';
  return seenWith === undefined ? '404' : `404; 403 with \`${seenWith}\` there`;
}

function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function pageText() {
  const sections = Object.entries(POLICY).map(([title, rows]) => {
    const lines = Object.entries(rows).map(([route, row]) => {
      const [method, path] = route.split(' ');
      return [method, `\`${path}\``, who(row), hidden(row)];
    });
    return `## ${title}\n\n${table(['Method', 'Path', 'Who', 'Without the right'], lines)}\n`;
  });
  const routes = Object.values(POLICY).reduce((sum, rows) => sum + Object.keys(rows).length, 0);
  return `# Permissions

Generated from \`test/integration/access/policy.ts\` by \`npm run docs:generate\`. The access matrix
(\`test/integration/access/access-matrix.spec.ts\`) calls each of the ${routes} routes as everybody who is named below, on own,
foreign and absent objects, and compares the answers with this table. A route that is missing here fails the tests.

A scope counts in the organization that owns the addressed object, never elsewhere. Platform administrators (\`admin\` in the
default organization) may do everything. An API key may do what it says and its owner may still do. Where the server has one
tenant, scopes over modules, providers, mirrors and source control count for everything that is published, \`admin\` only
from the default organization. What somebody may not see answers exactly like what is not there.

## Scopes

${table(
  ['Scope', 'Allows'],
  Object.entries(SCOPE_MEANINGS).map(([scope, meaning]) => [`\`${scope}\``, meaning]),
)}

\`admin\` implies all others; \`…:write\` and \`…:manage\` imply the matching \`…:read\`.

## Roles

${table(
  ['Role template', 'Scopes'],
  Object.entries(ROLES).map(([role, scopes]) => [
    `\`${role}\``,
    scopes.map((scope) => `\`${scope}\``).join(', '),
  ]),
)}

${sections.join('\n')}`;
}

const path = join(ROOT, PAGE);
const text = pageText();
const isFresh = (() => {
  try {
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
  }
})();
if (process.argv.includes('--check')) {
  if (!isFresh) {
    console.error(`Stale: ${PAGE}. Run npm run docs:generate and commit the result.`);
    process.exitCode = 1;
  }
} else if (!isFresh) {
  writeFileSync(path, text);
  console.log(`wrote ${PAGE}`);
}
