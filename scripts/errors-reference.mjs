/**
 * Writes docs/reference/errors.md from the error classes of the product; with --check it only compares. Ends with
 * status 1 when the page is stale, when a code is used twice, or when a class does not explain itself.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const PAGE = join('docs', 'reference', 'errors.md');

function sourceFiles() {
  return readdirSync(join(ROOT, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .sort()
    .map((name) => join(ROOT, 'src', name));
}

function textOf(initializer) {
  while (initializer && (ts.isAsExpression(initializer) || ts.isSatisfiesExpression(initializer))) {
    initializer = initializer.expression;
  }
  return initializer && ts.isStringLiteralLike(initializer) ? initializer.text : undefined;
}

function docOf(node) {
  const [doc] = node.jsDoc ?? [];
  if (doc === undefined) return '';
  const text = ts.getTextOfJSDocComment(doc.comment) ?? '';
  return text
    .replaceAll(/\{@link(?:code|plain)? ([^}|]+)(?:\|[^}]*)?\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** `invalid or unavailable`, for an error whose kind depends on its reason. */
function kindsOfGetter(member) {
  if (member === undefined || !ts.isGetAccessor(member)) return undefined;
  const kinds = [...statusByKind().keys()].filter((kind) =>
    member.body.getText().includes(`('${kind}' as const)`),
  );
  return kinds.length > 0 ? kinds.join(' or ') : undefined;
}

/** True for a class that is made with the code of another error, to look like it. */
function hasParameterProperty(node, name) {
  const constructor = node.members.find(ts.isConstructorDeclaration);
  return (
    constructor?.parameters.some((one) => one.name.getText() === name && one.modifiers?.length > 0) ?? false
  );
}

/** Classes by name, with what they say about themselves. */
function classesOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const classes = [];
  const visit = (node) => {
    if (ts.isClassDeclaration(node) && node.name) {
      const member = (name) => node.members.find((one) => one.name?.getText() === name);
      const parent = node.heritageClauses?.find((clause) => clause.token === ts.SyntaxKind.ExtendsKeyword);
      classes.push({
        name: node.name.text,
        parent: parent?.types[0].expression.getText(),
        isAbstract:
          node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.AbstractKeyword) ?? false,
        code: textOf(member('code')?.initializer),
        kind: textOf(member('kind')?.initializer) ?? kindsOfGetter(member('kind')),
        borrowsCode: hasParameterProperty(node, 'code'),
        doc: docOf(node),
        file: relative(ROOT, file),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return classes;
}

/** Every error a caller may meet, sorted by code. */
export function productErrors() {
  const classes = sourceFiles().flatMap(classesOf);
  const byName = new Map(classes.map((one) => [one.name, one]));
  const isError = (one) =>
    one !== undefined && (one.parent === 'DomainError' || isError(byName.get(one.parent)));
  const inherited = (one, field) =>
    one === undefined ? undefined : (one[field] ?? inherited(byName.get(one.parent), field));
  return classes
    .filter((one) => !one.isAbstract && !one.borrowsCode && isError(one))
    .map((one) => ({ ...one, code: inherited(one, 'code'), kind: inherited(one, 'kind') }))
    .sort((one, other) => String(one.code).localeCompare(String(other.code), 'en'));
}

function statusByKind() {
  const text = readFileSync(join(ROOT, 'src', 'platform', 'http', 'error-response.ts'), 'utf8');
  const table = /STATUS_BY_KIND[^{]*\{([^}]*)\}/.exec(text)?.[1] ?? '';
  return new Map(
    [...table.matchAll(/'?([\w-]+)'?: (\d{3})/g)].map(([, kind, status]) => [kind, Number(status)]),
  );
}

/** What is wrong with the error classes, as sentences. */
export function errorProblems(errors = productErrors()) {
  const problems = [];
  const seen = new Map();
  for (const { name, code, kind, doc, file } of errors) {
    if (code === undefined || kind === undefined) problems.push(`${name} in ${file} has no code or no kind`);
    else if (seen.has(code)) problems.push(`${name} and ${seen.get(code)} have the same code ${code}`);
    if (doc === '') problems.push(`${name} in ${file} has no doc comment: it is its text in the reference`);
    seen.set(code, name);
  }
  return problems;
}

export function errorsPage(errors = productErrors()) {
  const statuses = statusByKind();
  const rows = errors
    .filter((one) => one.code && one.kind)
    .map(({ code, kind, doc, name }) => {
      const meaning = doc.replaceAll('|', '\\|');
      return `| \`${code}\` | ${kind
        .split(' or ')
        .map((one) => statuses.get(one))
        .join(' or ')} | ${kind} | ${meaning} | \`${name}\` |`;
    });
  return `# Errors

Generated by \`npm run docs:generate\` from the error classes; do not edit. The body of an error is described in the
REST contract; \`code\` appears in the log beside the request id. A kind has one status, everywhere.

| Code | Status | Kind | When | Class |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = errorProblems();
  const path = join(ROOT, PAGE);
  const page = errorsPage();
  let current;
  try {
    current = readFileSync(path, 'utf8');
  } catch {
    current = undefined;
  }
  if (process.argv.includes('--check')) {
    if (current !== page)
      problems.push(`Stale: ${PAGE}. Run node scripts/errors-reference.mjs and commit the result`);
  } else if (current !== page) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, page);
    console.log(`wrote ${PAGE}`);
  }
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
