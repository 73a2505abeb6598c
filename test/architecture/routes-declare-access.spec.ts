import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { decoratorsOf, nodesOf, placeOf, productFiles } from '../support/source-tree.js';
import type { SourceFile } from '../support/source-tree.js';

const ACCESS = ['Open', 'PublicRead', 'Authenticated', 'RequireScope', 'SignedUrl', 'SetupToken'];
const ROUTES = ['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options', 'All'];

interface Route {
  readonly place: string;
  readonly name: string;
  readonly access: string[];
}

function routesOf(file: SourceFile): Route[] {
  return [...nodesOf(file)].filter(ts.isMethodDeclaration).flatMap((method) => {
    const own = decoratorsOf(method);
    if (!own.some((name) => ROUTES.includes(name))) return [];
    const inherited = ts.isClassDeclaration(method.parent) ? decoratorsOf(method.parent) : [];
    const access = [...own, ...inherited].filter((name) => ACCESS.includes(name));
    return [{ place: placeOf(file, method), name: method.name.getText(), access }];
  });
}

describe('every route', () => {
  const routes = productFiles().flatMap(routesOf);

  it('is found by this test', () => {
    expect(routes.length).toBeGreaterThan(15);
  });

  it('declares exactly once who may call it', () => {
    expect(routes.filter(({ access }) => access.length !== 1)).toEqual([]);
  });

  it('changes something for nobody in particular only where people sign in or out', () => {
    const writing = productFiles().flatMap((file) =>
      [...nodesOf(file)]
        .filter(ts.isMethodDeclaration)
        .filter((method) =>
          decoratorsOf(method).some((name) => ['Post', 'Put', 'Patch', 'Delete'].includes(name)),
        )
        .filter((method) => ['Open', 'PublicRead'].some((name) => decoratorsOf(method).includes(name)))
        .map((method) => placeOf(file, method).replace(/:\d+$/, '')),
    );
    expect([...new Set(writing)].sort()).toEqual([
      'src/auth/http/back-channel-logout.controller.ts',
      'src/auth/http/dev.controller.ts',
      'src/auth/http/local-sign-in.controller.ts',
      'src/auth/http/oauth.controller.ts',
      'src/auth/http/session.controller.ts',
      'src/auth/http/token-exchange.controller.ts',
      'src/web/pages/sign-in.page.ts',
    ]);
  });
});
