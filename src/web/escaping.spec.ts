import type { VNode } from 'preact';
import { describe, expect, it } from 'vitest';
import { safeHref } from './components/safe-href.js';
import { renderPage } from './render.js';
import { AccountView } from './views/account.view.js';
import { ChangePasswordView } from './views/change-password.view.js';
import { ConsentView } from './views/consent.view.js';
import { ElsewhereView } from './views/elsewhere.view.js';
import { HomeView } from './views/home.view.js';
import { MessageView } from './views/message.view.js';
import { SignInView } from './views/sign-in.view.js';

const PAYLOADS = [
  '<script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'><svg onload=alert(1)>",
  '" onmouseover="alert(1)" x="',
  "' onfocus='alert(1)' autofocus='",
  '`onload=alert(1)`',
  '<!--',
  ']]><script>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;img src=x&#62;',
  '</textarea></style></noscript><iframe src=//evil.example>',
  '\u0000<b>',
  '<\u0000script>',
  '{{constructor.constructor("alert(1)")()}}',
  '<a href="javascript:alert(1)">x</a>',
  '<base href="//evil.example/">',
  '<meta http-equiv="refresh" content="0;url=//evil.example">',
  '<form action="//evil.example"><input name=password>',
  '\ud800<i>',
];
const BAD_LINKS = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'blob:https://evil.example/x',
  'https://',
  'mailto:a@example.com',
  '',
];

const frame = { styleSheet: '/assets/app.css', hasPages: true, signedInAs: 'Ada' };
const at = new Date(0);
/** Every view with something in every field. */
const VIEWS: readonly (readonly [string, (given: never) => VNode, object])[] = [
  [
    'the sign-in page',
    SignInView,
    {
      providers: [{ id: 'oidc', name: 'Corp' }],
      hasLocalAccounts: true,
      returnTo: '/account',
      problem: 'no',
    },
  ],
  [
    'the page for a new password',
    ChangePasswordView,
    { isForced: true, csrfToken: 'token', minLength: 12, returnTo: '/account', problem: 'short' },
  ],
  [
    'the page of an error',
    MessageView,
    { title: 'Error', sentences: ['One', 'Two'], requestId: 'abc', link: { href: '/x', text: 'there' } },
  ],
  [
    'the consent page',
    ConsentView,
    {
      csrfToken: 'token',
      parameters: { state: 'abc', redirect_uri: 'http://localhost:10000/login' },
      port: 10_000,
      user: { name: 'Ada', email: 'ada@example.com' },
      organization: { name: 'acme', displayName: 'Acme' },
      scopes: ['modules:read', 'providers:read'],
      tokenLifeMs: 86_400_000,
    },
  ],
  [
    'the page before another sign-in',
    ElsewhereView,
    { providers: [{ id: 'oidc', name: 'Corp' }], here: '/here' },
  ],
  [
    'the first page',
    HomeView,
    {
      host: 'registry.test',
      user: { name: 'Ada', email: 'ada@example.com' },
      isLoginOffered: true,
      hasApiDocs: true,
    },
  ],
  [
    'the account page',
    AccountView,
    {
      csrfToken: 'token',
      user: { name: 'Ada', email: 'ada@example.com' },
      sessions: [
        { id: 's1', createdAt: at, lastUsedAt: at, ipAddress: '::1', userAgent: 'Agent', isCurrent: false },
        { id: 's2', createdAt: at, lastUsedAt: at, ipAddress: null, userAgent: null, isCurrent: true },
      ],
      keys: [
        {
          id: 'k1',
          name: 'ci',
          keyPrefix: 'tfr_abcdef',
          scopes: ['modules:read'],
          createdAt: at,
          expiresAt: at,
          lastUsedAt: at,
        },
      ],
      hasPassword: true,
    },
  ],
];

type Path = readonly (string | number)[];

/** Where the texts of a value are. */
function textsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}

function withText(value: unknown, [key, ...rest]: Path, text: string): unknown {
  if (key === undefined) return text;
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...value] as never)
    : { ...(value as object) };
  copy[key] = withText(copy[key], rest, text);
  return copy;
}

/** Names of elements and of their attributes, in order; values and text left out. */
function skeletonOf(html: string): string[] {
  const tags = html.matchAll(/<(\/?[a-zA-Z!][\w-]*)((?:\s+[^\s"'<>/=]+(?:="[^"]*")?)*)\s*\/?>/g);
  const shapes = [...tags].map(
    ([, name, attributes]) => `${name} ${attributes!.replaceAll(/="[^"]*"/g, '').trim()}`,
  );
  expect((html.match(/</g) ?? []).length, 'every < begins a tag').toBe(shapes.length);
  return shapes;
}

describe.each(VIEWS)('%s', (_, view, facts) => {
  const render = (all: unknown) => renderPage((view as (given: unknown) => VNode)(all));
  const given = { frame, facts };

  it.each(textsIn(given).map((path) => [path.join('.'), path] as const))(
    'shows markup in %s as text',
    (_name, path) => {
      const expected = skeletonOf(render(withText(given, path, 'text')));
      for (const payload of PAYLOADS) {
        expect(skeletonOf(render(withText(given, path, payload))), payload).toEqual(expected);
      }
    },
  );

  it('has no script, no inline style and no handler in an attribute', () => {
    const html = render(given);
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i);
  });

  it('names its language, has one main heading, and a label for every field', () => {
    const html = render(given);
    expect(html).toMatch(/^<!doctype html><html lang="en">/);
    expect(html.match(/<h1/g)).toHaveLength(1);
    for (const [, id] of html.matchAll(/<input id="([^"]+)"/g)) expect(html).toContain(`<label for="${id}">`);
    for (const [, id] of html.matchAll(/aria-(?:labelledby|describedby)="([^"]+)"/g)) {
      expect(html).toContain(`id="${id}"`);
    }
  });
});

describe('a link', () => {
  it.each(BAD_LINKS)('does not lead to %j', (href) => {
    expect(safeHref(href)).toBeUndefined();
    const facts = { title: 'x', sentences: [], link: { href, text: 'there' } };
    expect(renderPage(MessageView({ frame, facts }))).toContain('<span>there</span>');
  });

  it.each(['/', '/account', '/x?y=https://example.com', 'https://example.com/x', 'HTTP://example.com'])(
    'leads to %s',
    (href) => {
      expect(safeHref(href)).toBe(href);
    },
  );
});
