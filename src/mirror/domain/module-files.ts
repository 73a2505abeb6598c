import { ModuleUnusable } from './module-source.errors.js';
import { printable } from './printable.js';

/** A file of an archive. */
interface ArchiveFile {
  readonly name: string;
  readonly size: number;
}

/** What is in an archive. Each name is there once, and no file is a folder as well. */
export interface ArchiveTree<File extends ArchiveFile> {
  readonly files: readonly File[];
  readonly links: readonly { readonly name: string; readonly target: string }[];
}

/** Which part of an archive is the module. */
export interface WantedFolder {
  /** See `ModuleSource.folder`. */
  readonly folder: string;
  /** Names the module in failures. */
  readonly what: string;
  /** What copies may come to. */
  readonly maxFiles: number;
  readonly maxBytes: number;
}

type Node<File> =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly children: Set<string> };

/** One way through links: where it began, and how many were followed in all. */
interface Route {
  readonly link: string;
  hops: number;
}

const ROOT = '';
const TOO_MUCH = 'its links make more of it than modules may have';
const MAX_HOPS = 40;
/** Also as Windows writes it. */
const ABSOLUTE = /^(?:\/|\\|[A-Za-z]:)/;
const MAX_NAME_BYTES = 255;

/**
 * The files of one folder of an archive, named as seen from it. Links become copies of what they lead to inside of the
 * archive; those that lead to nothing are left out. Throws {@link ModuleUnusable} when there is no such folder, and for
 * links that leave the archive or lead in circles.
 */
export function moduleFiles<File extends ArchiveFile>(
  tree: ArchiveTree<File>,
  wanted: WantedFolder,
): readonly File[] {
  return new ModuleFolder(tree, wanted).files();
}

class ModuleFolder<File extends ArchiveFile> {
  private readonly nodes = new Map<string, Node<File>>([[ROOT, { kind: 'folder', children: new Set() }]]);
  private readonly found: File[] = [];
  private bytes = 0;
  private visits = 0;

  constructor(
    tree: ArchiveTree<File>,
    private readonly wanted: WantedFolder,
  ) {
    for (const file of tree.files) this.plant(file.name, { kind: 'file', file });
    for (const { name, target } of tree.links) this.plant(name, { kind: 'link', target });
  }

  files(): readonly File[] {
    const start = this.start();
    this.collect(start, '', [start]);
    return this.found;
  }

  private plant(path: string, node: Node<File>): void {
    this.nodes.set(path, node);
    for (let at = path; at !== ROOT;) {
      const parent = parentOf(at);
      const known = this.nodes.get(parent);
      if (known?.kind === 'folder') {
        known.children.add(at.slice(parent === ROOT ? 0 : parent.length + 1));
        return;
      }
      this.nodes.set(parent, { kind: 'folder', children: new Set([at.slice(parent.length + 1)]) });
      at = parent;
    }
  }

  /** Where the module begins. */
  private start(): string {
    const { folder } = this.wanted;
    const [first, ...rest] = folder.split('/');
    let top = folder;
    if (first === '*') {
      const root = this.nodes.get(ROOT);
      const [only, ...others] = root?.kind === 'folder' ? root.children : [];
      if (only === undefined || others.length > 0 || this.nodes.get(only)?.kind !== 'folder') {
        this.refuse('it does not have exactly one folder at its root, as its address says');
      }
      top = [only, ...rest].join('/');
    }
    const start = this.follow(ROOT, top, { link: folder, hops: 0 });
    if (start === undefined || this.nodes.get(start)?.kind !== 'folder') {
      this.refuse(`there is no folder ${printable(folder)} in it`);
    }
    return start;
  }

  /** `trail`: the folders on the way here, as they are called in the archive. */
  private collect(folder: string, prefix: string, trail: readonly string[]): void {
    const node = this.nodes.get(folder);
    for (const child of node?.kind === 'folder' ? node.children : []) {
      const path = join(folder, child);
      const name = prefix + child;
      this.countVisit(name);
      const real = this.destination(path);
      const target = real === undefined ? undefined : this.nodes.get(real);
      if (real === undefined || target === undefined) continue;
      if (target.kind === 'file') this.add(name, target.file);
      else if (trail.includes(real)) this.refuse(`the link ${printable(path)} leads back to its own folder`);
      else this.collect(real, `${name}/`, [...trail, real]);
    }
  }

  /** Bounds the work that links make, also where no file comes of it. */
  private countVisit(name: string): void {
    this.visits += 1;
    if (this.visits > this.wanted.maxFiles + this.nodes.size) this.refuse(TOO_MUCH);
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
      this.refuse(`its links make names that are longer than ${MAX_NAME_BYTES} bytes`);
    }
  }

  private add(name: string, file: File): void {
    const { maxFiles, maxBytes } = this.wanted;
    this.bytes += file.size;
    if (this.found.length >= maxFiles || this.bytes > maxBytes) this.refuse(TOO_MUCH);
    this.found.push({ ...file, name });
  }

  /** What a name stands for; undefined for a link to nothing. */
  private destination(path: string): string | undefined {
    const node = this.nodes.get(path);
    return node?.kind === 'link' ? this.follow(parentOf(path), node.target, { link: path, hops: 0 }) : path;
  }

  /** The place that a path leads to from a folder, links followed; undefined when there is nothing. */
  private follow(from: string, path: string, route: Route): string | undefined {
    if (ABSOLUTE.test(path)) this.refuse(leaves(route.link));
    let at = from;
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (at === ROOT) this.refuse(leaves(route.link));
        at = parentOf(at);
        continue;
      }
      const next = join(at, part);
      const node = this.nodes.get(next);
      if (node?.kind === 'link' && (route.hops += 1) > MAX_HOPS) {
        this.refuse(`the link ${printable(route.link)} leads in circles`);
      }
      const real = node?.kind === 'link' ? this.follow(at, node.target, route) : next;
      if (real === undefined || !this.nodes.has(real)) return undefined;
      at = real;
    }
    return at;
  }

  private refuse(reason: string): never {
    throw new ModuleUnusable(this.wanted.what, reason);
  }
}

function leaves(link: string): string {
  return `the link ${printable(link)} leads out of it`;
}

function join(folder: string, child: string): string {
  return folder === ROOT ? child : `${folder}/${child}`;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ROOT : path.slice(0, slash);
}
