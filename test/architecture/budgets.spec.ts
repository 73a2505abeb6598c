import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { allTypeScript, nodesOf, placeOf, productFiles } from '../support/source-tree.js';
import type { SourceFile } from '../support/source-tree.js';

const lineCount = (text: string): number => text.trimEnd().split('\n').length;

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function longFunctions(file: SourceFile, limit: number): string[] {
  return [...nodesOf(file)]
    .filter(isFunction)
    .filter((node) => lineCount(node.getText()) > limit)
    .map((node) => `${placeOf(file, node)} has a function of ${lineCount(node.getText())} lines`);
}

describe('the budgets of the architecture', () => {
  it('has no source file over 300 lines', () => {
    const long = productFiles().filter((file) => lineCount(file.text) > 300);
    expect(long.map((file) => `${file.path}: ${lineCount(file.text)}`)).toEqual([]);
  });

  it('has no spec over 500 lines, nor anything else in TypeScript', () => {
    const long = allTypeScript().filter((file) => lineCount(file.text) > 500);
    expect(long.map((file) => `${file.path}: ${lineCount(file.text)}`)).toEqual([]);
  });

  it('has no function over 60 lines', () => {
    expect(productFiles().flatMap((file) => longFunctions(file, 60))).toEqual([]);
  });

  it('has no constructor with more than six parameters', () => {
    const wide = productFiles().flatMap((file) =>
      [...nodesOf(file)]
        .filter(ts.isConstructorDeclaration)
        .filter((node) => node.parameters.length > 6)
        .map((node) => `${placeOf(file, node)}: ${node.parameters.length}`),
    );
    expect(wide).toEqual([]);
  });

  it('is at most four folders deep', () => {
    const deep = productFiles().filter((file) => file.path.split('/').length - 2 > 4);
    expect(deep.map((file) => file.path)).toEqual([]);
  });

  it('has one exported class per file; errors, shapes and the port of a class may stand beside it', () => {
    const isAbstract = (node: ts.ClassDeclaration): boolean =>
      node.modifiers?.some((one) => one.kind === ts.SyntaxKind.AbstractKeyword) ?? false;
    const several = productFiles()
      .filter((file) => !/\.(errors|dto)\.ts$|^src\/kernel\/sha256\.ts$/.test(file.path))
      .map((file) => ({
        path: file.path,
        names: [...nodesOf(file)]
          .filter(ts.isClassDeclaration)
          .filter((node) => node.modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword))
          .filter((node) => !isAbstract(node))
          .map((node) => node.name?.text),
      }))
      .filter(({ names }) => names.length > 1);
    expect(several).toEqual([]);
  });
});
