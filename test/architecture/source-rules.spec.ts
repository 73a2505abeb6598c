import { describe, expect, it } from 'vitest';
import { allTypeScript, filesBelow, productFiles, withoutComments } from '../support/source-tree.js';
import type { SourceFile } from '../support/source-tree.js';

/** `path:line` of every line of code (not of comments) that matches. */
function places(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    withoutComments(file.text)
      .split('\n')
      .map((line, index) => (pattern.test(line) ? `${file.path}:${index + 1}` : ''))
      .filter((place) => place !== ''),
  );
}

const except = (...paths: string[]): SourceFile[] =>
  productFiles().filter((file) => !paths.includes(file.path));

describe('the source of the product', () => {
  it('reads the environment only in config/load-config.ts', () => {
    expect(
      places(except('src/config/load-config.ts'), /\bprocess\.env\b|\benv\s*\}\s*=\s*process\b/),
    ).toEqual([]);
    const readsIt = places(productFiles(), /\bprocess\.env\b/);
    expect(readsIt.some((place) => place.startsWith('src/config/load-config.ts'))).toBe(true);
  });

  it('throws no HTTP exception outside platform/http', () => {
    const files = productFiles().filter((file) => !file.path.startsWith('src/platform/http/'));
    const names =
      /\b(HttpException|HttpErrorByCode|(BadRequest|Unauthorized|Forbidden|NotFound|Conflict|Gone|PayloadTooLarge|UnprocessableEntity|InternalServerError|ServiceUnavailable|ImATeapot|MethodNotAllowed|NotAcceptable|RequestTimeout|UnsupportedMediaType|NotImplemented|BadGateway|GatewayTimeout|PreconditionFailed|Misdirected)Exception)\b/;
    expect(places(files, names)).toEqual([]);
  });

  it('has no provider per request: one costs more than the request itself', () => {
    expect(places(productFiles(), /Scope\.(REQUEST|TRANSIENT)/)).toEqual([]);
  });

  it('has no middleware: authentication and permission live in guards', () => {
    expect(places(productFiles(), /\bNestMiddleware\b|\bMiddlewareConsumer\b/)).toEqual([]);
  });

  it('exports by name', () => {
    expect(places(productFiles(), /^export default\b/)).toEqual([]);
  });

  it('has no default-named junk folder and no barrel', () => {
    const junk = allTypeScript().filter((file) =>
      /\/(utils?|helpers?|common|misc)(\/|\.ts$)|\/index\.ts$/.test(file.path),
    );
    expect(junk.map((file) => file.path)).toEqual([]);
  });

  it('leaves no note for later behind', () => {
    const notes = allTypeScript().flatMap((file) =>
      file.text
        .split('\n')
        .map((line, index) => (/\b(TODO|FIXME|XXX|HACK)\b/.test(line) ? `${file.path}:${index + 1}` : ''))
        .filter((place) => place !== '' && !place.startsWith('test/architecture/')),
    );
    expect(notes).toEqual([]);
  });

  it('names no path of a developer machine', () => {
    const files = ['src', 'test', 'migrations', 'scripts', 'docs'].flatMap((folder) =>
      filesBelow(folder, (path) => /\.(ts|mjs|md|tf|json|yaml)$/.test(path)),
    );
    const machine = new RegExp(['/(?:wor', 'k)/|/(?:roo', 't)/|/(?:hom', 'e)/[a-z]'].join(''));
    const found = files.filter((file) => file.text.split('\n').some((line) => machine.test(line)));
    expect(found.map((file) => file.path)).toEqual([]);
  });
});

describe('the tests', () => {
  it('are all run: none is singled out, none is put aside', () => {
    const specs = [
      ...filesBelow('src', (path) => path.endsWith('.spec.ts')),
      ...filesBelow('test', (path) => /spec\.ts$|\.contract\.ts$/.test(path)),
    ];
    const single = /\b(describe|it|test)(\.\w+)*\.(only|skip|todo)\b|\b(fit|fdescribe|xit|xdescribe)\(/;
    expect(places(specs, single)).toEqual([]);
  });

  it('skip only what needs a CLI or a service that this machine does not have', () => {
    const specs = filesBelow(
      'test',
      (path) => path.endsWith('.ts') && !path.startsWith('test/architecture/'),
    );
    const conditional = places(specs, /\.(skipIf|runIf)\(/).map((place) => place.split(':')[0]!);
    const elsewhere = conditional.filter((path) => !/^test\/(e2e|integration)\//.test(path));
    expect(elsewhere).toEqual([]);
  });
});
