/**
 * `--import` this file to run TypeScript sources in threads of the product, which have no decorators: types are only
 * taken away, much faster than a compiler starts. Files that need more are compiled.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(source)) return next(source.href, context);
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    return {
      format: 'module',
      source: javascriptOf(readFileSync(fileURLToPath(url), 'utf8')),
      shortCircuit: true,
    };
  },
});

function javascriptOf(source) {
  try {
    return stripTypeScriptTypes(source);
  } catch {
    const ts = require('typescript');
    const compilerOptions = { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext };
    return ts.transpileModule(source, { compilerOptions }).outputText;
  }
}
