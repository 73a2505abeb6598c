import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { PROJECT_ROOT } from './build.js';

/** A TypeScript file of this project. */
export interface SourceFile {
  /** From the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The files below a folder of the project that `isWanted`, sorted by path. */
export function filesBelow(folder: string, isWanted: (path: string) => boolean): SourceFile[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PROJECT_ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter(isWanted)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(PROJECT_ROOT, path), 'utf8') }));
}

/** The product without its specs. */
export function productFiles(): SourceFile[] {
  return filesBelow('src', (path) => /\.tsx?$/.test(path) && !path.endsWith('.spec.ts'));
}

/** Everything in TypeScript: product, specs, migrations. */
export function allTypeScript(): SourceFile[] {
  return ['src', 'test', 'migrations'].flatMap((folder) =>
    filesBelow(folder, (path) => /\.tsx?$/.test(path)),
  );
}

/** Every node of a file, parents first. */
export function* nodesOf(file: SourceFile): Generator<ts.Node> {
  const pending: ts.Node[] = [ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    yield node;
    const children: ts.Node[] = [];
    ts.forEachChild(node, (child) => void children.push(child));
    pending.push(...children.reverse());
  }
}

/** `path:line` of a node. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  const source = node.getSourceFile();
  return `${file.path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

/** The names of the decorators of a class or method. */
export function decoratorsOf(node: ts.HasDecorators): string[] {
  return (ts.getDecorators(node) ?? []).map(({ expression }) =>
    ts.isCallExpression(expression) ? expression.expression.getText() : expression.getText(),
  );
}

/** Lines that are code: strings stay, comments go. Keeps line numbers. */
export function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|[\s;{(])\/\/[^\n]*/g, '$1');
}
