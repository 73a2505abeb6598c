import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { EmbeddedPostgresFailed } from './database.errors.js';

const NOBODY = 65_534;
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** How a program of the bundled PostgreSQL is started so that it runs under the right user. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: { readonly uid?: number; readonly gid?: number; readonly env: Record<string, string> };
}

/**
 * The user PostgreSQL runs as. It refuses to run as root: then it is the owner of the existing cluster, or
 * uid 65534. Otherwise it is the user of this process.
 */
export class EmbeddedPostgresAccount {
  private constructor(
    readonly uid: number,
    readonly gid: number,
    private readonly switchesUser: boolean,
    private readonly setpriv: string | undefined,
  ) {}

  /**
   * Chooses the account for a data directory. Throws EmbeddedPostgresFailed when that account could not get into
   * the directory, or has no name on this machine.
   */
  static for(directory: string, clusterDirectory: string): EmbeddedPostgresAccount {
    const ownUid = process.getuid?.() ?? NOBODY;
    const ownGid = process.getgid?.() ?? NOBODY;
    if (ownUid !== 0) {
      assertNamed(ownUid);
      assertOwned(clusterDirectory, ownUid);
      return new EmbeddedPostgresAccount(ownUid, ownGid, false, undefined);
    }
    const owner = ownerOf(clusterDirectory);
    const [uid, gid] = owner && owner.uid !== 0 ? [owner.uid, owner.gid] : [NOBODY, NOBODY];
    if (canEnter(directory, uid, gid)) return new EmbeddedPostgresAccount(uid, gid, true, undefined);
    const setpriv = findSetpriv(directory, uid, gid);
    if (setpriv) return new EmbeddedPostgresAccount(uid, gid, true, setpriv);
    throw new EmbeddedPostgresFailed(
      `PostgreSQL does not run as root, and the user it would run as (uid ${uid}) cannot enter ${directory}. ` +
        'Choose a directory outside of private home directories with TFR_DATABASE_URL=embedded:<directory> ' +
        '(for example embedded:/var/lib/terraform-registry), or start the registry as an ordinary user.',
    );
  }

  /** Whether this account may read the files under a path. */
  canRead(path: string): boolean {
    if (!this.switchesUser || this.setpriv) return true;
    return canEnter(path, this.uid, this.gid) && isReadable(path, this.uid, this.gid);
  }

  /** Whether files made by this process must be given to the account. */
  get isForeign(): boolean {
    return this.switchesUser;
  }

  /** The command line and spawn options that start `program` under this account, with a clean environment. */
  launch(program: string, args: readonly string[]): Launch {
    const env = { PATH: SYSTEM_PATH.join(delimiter), LC_ALL: 'C', TZ: 'UTC' };
    if (!this.switchesUser) return { command: program, args, options: { env } };
    if (!this.setpriv) return { command: program, args, options: { env, uid: this.uid, gid: this.gid } };
    return {
      command: this.setpriv,
      args: [...privileges(this.uid, this.gid), program, ...args],
      options: { env },
    };
  }
}

/** Reading beyond the 0700 directory of root is the only right that is kept. */
function privileges(uid: number, gid: number): string[] {
  const kept = '+dac_read_search';
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=-all,${kept}`,
    `--ambient-caps=-all,${kept}`,
  ];
}

function findSetpriv(directory: string, uid: number, gid: number): string | undefined {
  const program = SYSTEM_PATH.map((folder) => join(folder, 'setpriv')).find(isExecutable);
  if (!program) return undefined;
  // Where the programs of the system are is no matter of the PATH that somebody starts the registry with.
  const env = { PATH: SYSTEM_PATH.join(delimiter) };
  const check = spawnSync(program, [...privileges(uid, gid), 'ls', '--', directory], {
    stdio: 'ignore',
    env,
  });
  return check.status === 0 ? program : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function canEnter(path: string, uid: number, gid: number): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const stats = statSync(folder);
    if (stats.isDirectory() && !allows(stats, uid, gid, 1)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function isReadable(path: string, uid: number, gid: number): boolean {
  const stats = statSync(path);
  return allows(stats, uid, gid, 4) && (stats.isDirectory() || allows(stats, uid, gid, 1));
}

function allows(
  stats: { mode: number; uid: number; gid: number },
  uid: number,
  gid: number,
  bit: number,
): boolean {
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
  return ((stats.mode >> shift) & bit) !== 0;
}

function ownerOf(path: string): { uid: number; gid: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function assertNamed(uid: number): void {
  try {
    userInfo();
  } catch {
    throw new EmbeddedPostgresFailed(
      `The bundled PostgreSQL needs a user with a name, but uid ${uid} has no entry in /etc/passwd. Add one ` +
        '(for example with "useradd"), or name a PostgreSQL server with TFR_DATABASE_URL=postgres://….',
    );
  }
}

function assertOwned(clusterDirectory: string, uid: number): void {
  const owner = ownerOf(clusterDirectory);
  if (!owner || owner.uid === uid) return;
  throw new EmbeddedPostgresFailed(
    `The database in ${dirname(clusterDirectory)} belongs to another user (uid ${owner.uid}). ` +
      'Start the registry as that user or as root, or give the directory to this user with "chown -R".',
  );
}
