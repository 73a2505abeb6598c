import { describe, expect, it } from 'vitest';
import { documentModule } from './document-module.js';
import type { AnalysisOutcome } from './domain/analyzed-module.js';

const document = (
  sources: Record<string, string>,
  files: readonly string[] = Object.keys(sources),
): AnalysisOutcome =>
  documentModule({
    sources: new Map(Object.entries(sources)),
    files: files.map((path) => ({ path, size: 1 })),
    problems: [],
    filesUrl: '/files',
    maxResultLength: 1_000_000,
  });
const readmeOf = (outcome: AnalysisOutcome) =>
  outcome.status === 'ready' ? outcome.module.parts[0]?.readmeHtml : undefined;

describe('documenting a module', () => {
  it('resolves links to files and folders of the archive', () => {
    const html = readmeOf(
      document({ 'main.tf': '', 'README.md': '[a](docs/a%20b.txt) [b](examples/one/) [c](none) [d](docs)' }, [
        'docs/a b.txt',
        'examples/one/README.md',
      ]),
    );
    expect(html).toContain('href="/files?path=docs/a%20b.txt"');
    expect(html).toContain('href="/files?path=examples/one/README.md"');
    expect(html).toContain('<a>c</a> <a>d</a>');
  });

  it('shows images that browsers show, and the text of others', () => {
    const html = readmeOf(
      document({ 'main.tf': '', 'README.md': '![a](a.PNG) ![b](b.svg)' }, ['a.PNG', 'b.svg']),
    );
    expect(html).toContain('<img src="/files?path=a.PNG" alt="a"');
    expect(html).toContain('<span>b</span>');
  });

  it('shows a README in another format as it is', () => {
    expect(readmeOf(document({ 'main.tf': '', 'README.rst': '*not* markdown' }))).toBe(
      '<pre>*not* markdown</pre>\n',
    );
  });

  it('is one root module even where nothing is declared', () => {
    const outcome = document({ 'main.tf': '# nothing' });
    expect(outcome.status === 'ready' && outcome.module.parts.map(({ part }) => part.path)).toEqual(['']);
  });
});
