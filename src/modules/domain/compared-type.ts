import { HclScanner } from './hcl/hcl-scanner.js';
import { HCL_LIMITS } from './hcl/hcl-tree.js';
import { decodeQuoted } from './hcl/template-text.js';

/** A type constraint of Terraform's language. */
export type ComparedType =
  | { readonly kind: 'any' }
  | { readonly kind: 'primitive'; readonly name: 'string' | 'number' | 'bool' }
  | { readonly kind: 'collection'; readonly name: 'list' | 'set' | 'map'; readonly element: ComparedType }
  | { readonly kind: 'tuple'; readonly elements: readonly ComparedType[] }
  | { readonly kind: 'object'; readonly attributes: ReadonlyMap<string, ComparedAttribute> };

/** An attribute of an object type. */
export interface ComparedAttribute {
  readonly type: ComparedType;
  readonly isOptional: boolean;
  /** The default as written; `""` without one. */
  readonly fallback: string;
}

/** Reads a type expression; `undefined` when it is none. Takes time in proportion to the text. */
export function readType(text: string): ComparedType | undefined {
  const reader = new TypeReader(text);
  return reader.read();
}

class TypeReader {
  private readonly scanner: HclScanner;

  constructor(private readonly source: string) {
    this.scanner = new HclScanner(source, HCL_LIMITS.maxDepth + 1);
  }

  read(): ComparedType | undefined {
    this.next();
    const type = this.type();
    return this.scanner.kind === 'end' ? type : undefined;
  }

  private next(): void {
    do this.scanner.next();
    while (this.scanner.kind === 'newline');
  }

  /** Reads one type; what follows it is the current token. */
  private type(): ComparedType | undefined {
    if (this.scanner.kind !== 'identifier') return undefined;
    const name = this.tokenText();
    this.next();
    switch (name) {
      case 'any':
        return { kind: 'any' };
      case 'string':
      case 'number':
      case 'bool':
        return { kind: 'primitive', name };
      case 'list':
      case 'set':
      case 'map':
        return this.collection(name);
      case 'tuple':
        return this.inParentheses(() => this.tuple());
      case 'object':
        return this.inParentheses(() => this.object());
      default:
        return undefined;
    }
  }

  private collection(name: 'list' | 'set' | 'map'): ComparedType | undefined {
    if (!this.at('(')) return { kind: 'collection', name, element: { kind: 'any' } };
    const element = this.inParentheses(() => this.type());
    return element === undefined ? undefined : { kind: 'collection', name, element };
  }

  private tuple(): ComparedType | undefined {
    const elements: ComparedType[] = [];
    if (!this.take('[')) return undefined;
    while (!this.take(']')) {
      const element = this.type();
      if (element === undefined) return undefined;
      elements.push(element);
      if (!this.take(',') && !this.at(']')) return undefined;
    }
    return { kind: 'tuple', elements };
  }

  private object(): ComparedType | undefined {
    const attributes = new Map<string, ComparedAttribute>();
    if (!this.take('{')) return undefined;
    while (!this.take('}')) {
      const name = this.key();
      if (name === undefined || !(this.take('=') || this.take(':'))) return undefined;
      const attribute = this.attribute();
      if (attribute === undefined) return undefined;
      attributes.set(name, attribute);
      this.take(',');
    }
    return { kind: 'object', attributes };
  }

  private key(): string | undefined {
    const isQuoted = this.take('quote');
    if (!this.at(isQuoted ? 'text' : 'identifier')) return undefined;
    const name = isQuoted ? decodeQuoted(this.tokenText()) : this.tokenText();
    this.next();
    return isQuoted && !this.take('unquote') ? undefined : name;
  }

  private attribute(): ComparedAttribute | undefined {
    if (!this.at('identifier') || this.tokenText() !== 'optional') {
      const type = this.type();
      return type === undefined ? undefined : { type, isOptional: false, fallback: '' };
    }
    this.next();
    return this.inParentheses(() => {
      const type = this.type();
      const fallback = this.take(',') ? this.fallback() : '';
      return type === undefined ? undefined : { type, isOptional: true, fallback };
    });
  }

  /** The text up to the parenthesis that closes `optional(`. */
  private fallback(): string {
    const { start } = this.scanner;
    const depth =
      this.at('[') || this.at('{') || this.at('(') || this.at('quote') || this.at('heredoc') ? 1 : 0;
    const base = this.scanner.depth - depth;
    let { end } = this.scanner;
    while (this.scanner.depth >= base && !this.at('end') && !this.at('failure')) {
      end = this.scanner.end;
      this.scanner.next();
    }
    return this.source.slice(start, end);
  }

  private inParentheses<T>(read: () => T | undefined): T | undefined {
    if (!this.take('(')) return undefined;
    const inner = read();
    return this.take(')') ? inner : undefined;
  }

  private at(kind: HclScanner['kind']): boolean {
    return this.scanner.kind === kind;
  }

  private take(kind: HclScanner['kind']): boolean {
    if (!this.at(kind)) return false;
    this.next();
    return true;
  }

  private tokenText(): string {
    return this.source.slice(this.scanner.start, this.scanner.end);
  }
}
