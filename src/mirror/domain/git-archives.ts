/** Where hosts of git repositories answer with archives, unless a setting says otherwise. */
const WELL_KNOWN: readonly string[] = [
  'github.com=https://codeload.github.com/{owner}/{repository}/tar.gz/{ref}',
  'gitlab.com=https://gitlab.com/{owner}/{repository}/-/archive/{ref}/archive.tar.gz',
  'bitbucket.org=https://bitbucket.org/{owner}/{repository}/get/{ref}.tar.gz',
];

/** One state of a repository. All parts were checked to be harmless in a path. */
export interface GitState {
  /** Host name, with the port if there is one; lower case. */
  readonly host: string;
  /** May have several folders, as groups of GitLab do. */
  readonly owner: string;
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly ref: string;
}

/** The addresses under which hosts of git repositories answer with archives (`mirror.git_archives`). */
export class GitArchives {
  private readonly templates = new Map<string, string>();

  /** `more`: lines `host=template`; they come before what is well known. */
  constructor(more: readonly string[] = []) {
    for (const line of [...WELL_KNOWN, ...more]) {
      const equals = line.indexOf('=');
      this.templates.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim());
    }
  }

  /** The address of the archive; undefined when nothing is known about the host. */
  addressOf({ host, owner, repository, ref }: GitState): string | undefined {
    const parts: Readonly<Record<string, string>> = { owner, repository, ref };
    return this.templates
      .get(host)
      ?.replaceAll(/\{(owner|repository|ref)\}/g, (_text, part: string) => escaped(parts[part] ?? ''));
  }
}

/** Each folder escaped by itself. */
function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
