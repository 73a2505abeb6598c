import type { VNode } from 'preact';

/** The field with which somebody finds modules and providers. */
export function SearchForm({ q = '' }: { q?: string | undefined }): VNode {
  return (
    <form class="search" role="search" method="get" action="/search">
      <label for="q">Find a module or provider</label>
      <div class="choice">
        <input id="q" type="search" name="q" value={q} maxLength={256} />
        <button type="submit">Search</button>
      </div>
    </form>
  );
}
