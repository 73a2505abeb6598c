import type { MarkdownIt } from 'markdown-it';

const NOT_IN_IDS = /[^\p{L}\p{N}\p{M}_ -]/gu;

/** Gives every heading the id that authors expect from hosts of repositories, e.g. `usage-1` for a second "Usage". */
export function headingIds(markdown: MarkdownIt): void {
  markdown.core.ruler.push('heading_ids', (state) => {
    const used = new Map<string, number>();
    state.tokens.forEach((token, index) => {
      if (token.type !== 'heading_open') return;
      const text = (state.tokens[index + 1]?.children ?? [])
        .filter(({ type }) => type === 'text' || type === 'code_inline')
        .map(({ content }) => content)
        .join('');
      const slug = text.trim().toLowerCase().replaceAll(NOT_IN_IDS, '').replaceAll(' ', '-');
      const before = used.get(slug) ?? 0;
      used.set(slug, before + 1);
      token.attrSet('id', before === 0 ? slug : `${slug}-${before}`);
    });
  });
}
