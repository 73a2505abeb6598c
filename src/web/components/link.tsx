import type { ComponentChildren, VNode } from 'preact';
import { safeHref } from './safe-href.js';

/** A link; its text alone when the address is not one of the web. */
export function Link(props: { href: string; class?: string; children?: ComponentChildren }): VNode {
  const href = safeHref(props.href);
  if (href === undefined) return <span class={props.class}>{props.children}</span>;
  return (
    <a href={href} class={props.class}>
      {props.children}
    </a>
  );
}
