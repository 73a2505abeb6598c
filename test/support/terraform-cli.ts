import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The path of a CLI, or undefined. */
export function findOnPath(name: 'terraform' | 'tofu'): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The real Terraform, when this machine has one. */
export const TERRAFORM = findOnPath('terraform');
if (TERRAFORM === undefined) {
  console.warn('SKIPPED: no `terraform` on PATH, so nothing is installed with the real CLI.');
}

/** The end of a CLI run. `text` is all output without boxes and line breaks. */
export interface CliResult {
  status: number | null;
  stdout: string;
  stderr: string;
  text: string;
}

/** How a registry is reached without discovery: a `host` block of the CLI configuration. */
export interface HostBlock {
  host: string;
  url: string;
}

/** What a workspace is made of. */
export interface WorkspaceOptions {
  main: string;
  host?: HostBlock;
  /** The base URL of a network mirror, from which alone providers are installed. */
  networkMirror?: string;
  /** Providers are looked for in their own registries first, and in the mirror too. */
  alsoDirect?: boolean;
  /** Credentials by host name (with port). */
  credentials?: Record<string, string>;
  /** PEM file of a private certificate authority. */
  caFile?: string;
  env?: Record<string, string>;
  /** The configuration is where the CLI looks by itself; only then does it read the tokens that it saved. */
  isConfiguredAtHome?: boolean;
}

function cliConfiguration(options: WorkspaceOptions): string {
  const lines = ['disable_checkpoint = true'];
  if (options.host) {
    const { host, url } = options.host;
    lines.push(
      `host "${host}" {\n  services = {\n    "modules.v1"   = "${url}/v1/modules/"` +
        `\n    "providers.v1" = "${url}/v1/providers/"\n  }\n}`,
    );
  }
  if (options.networkMirror) {
    const direct = options.alsoDirect ? '  direct {}\n' : '';
    const mirror = `  network_mirror {\n    url = "${options.networkMirror}"\n  }\n`;
    lines.push(`provider_installation {\n${direct}${mirror}}`);
  }
  for (const [host, token] of Object.entries(options.credentials ?? {})) {
    lines.push(`credentials "${host}" {\n  token = "${token}"\n}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Output without the boxes that the CLI draws, and without its line breaks at 78 columns. */
export function withoutBoxes(output: string): string {
  return stripVTControlCharacters(output).replaceAll(/[╷│╵]/g, ' ').replaceAll(/\s+/g, ' ');
}

/**
 * A folder with a `main.tf`, a home and a CLI configuration of its own, in which the real Terraform runs
 * unattended with an explicit environment (protocol document, section 11).
 */
export class TerraformWorkspace {
  readonly directory = mkdtempSync(join(tmpdir(), 'tfr-cli-'));
  private readonly env: Record<string, string>;

  constructor(options: WorkspaceOptions) {
    const home = join(this.directory, 'home');
    mkdirSync(join(home, '.terraform.d'), { recursive: true });
    const configuration = options.isConfiguredAtHome
      ? join(home, '.terraformrc')
      : join(this.directory, 'cli.tfrc');
    writeFileSync(configuration, cliConfiguration(options));
    mkdirSync(this.path);
    this.write('main.tf', options.main);
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      ...(!options.isConfiguredAtHome && { TF_CLI_CONFIG_FILE: configuration }),
      CHECKPOINT_DISABLE: '1',
      TF_IN_AUTOMATION: '1',
      NO_COLOR: '1',
      TF_REGISTRY_CLIENT_TIMEOUT: '10',
      ...(options.caFile && { SSL_CERT_FILE: options.caFile }),
      ...options.env,
    };
  }

  /** Where `main.tf` is. */
  get path(): string {
    return join(this.directory, 'work');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** The file in which `terraform login` keeps tokens. */
  get credentialsFile(): string {
    return join(this.directory, 'home', '.terraform.d', 'credentials.tfrc.json');
  }

  /** Runs the CLI; never throws for a failing command. It is ended after a minute. */
  run(...args: string[]): Promise<CliResult> {
    return this.spawn(args, this.env, () => undefined);
  }

  /**
   * Runs `terraform login` for a host and confirms it. `browse` plays the browser that is sent to the address; the CLI
   * finds none to open. The CLI waits forever for its code, so it is ended when `browse` answers `give-up`. When
   * `browse` fails the CLI gets some seconds more: it may take its code and break off its own answer to the browser.
   */
  async login(host: string, browse: (address: string) => Promise<'wait' | 'give-up'>): Promise<CliResult> {
    let isBrowsing = false;
    let failure: Error | undefined;
    const env = { ...this.env, PATH: join(this.directory, 'no-programs') };
    const result = await this.spawn(['login', host], env, (stdout, child) => {
      const address = /^\s+(https?:\/\/\S+authorize\S+)[^\S\n]*\n/m.exec(stdout)?.[1];
      if (address === undefined || isBrowsing) return;
      isBrowsing = true;
      const giveUp = () => child.kill('SIGKILL');
      browse(address).then(
        (outcome) => (outcome === 'give-up' ? giveUp() : undefined),
        (error: Error) => {
          failure = error;
          setTimeout(giveUp, 5_000).unref();
        },
      );
    });
    if (failure !== undefined && result.status !== 0) throw failure;
    return result;
  }

  private spawn(
    args: readonly string[],
    env: Record<string, string>,
    onOutput: (stdout: string, child: ChildProcess) => void,
  ): Promise<CliResult> {
    return new Promise((done, fail) => {
      const isAsked = args[0] === 'login';
      const child = spawn(TERRAFORM!, args, {
        cwd: this.path,
        env,
        stdio: [isAsked ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      });
      child.stdin?.end('yes\n');
      const ended = setTimeout(() => child.kill('SIGKILL'), 60_000);
      let stdout = '';
      let stderr = '';
      child.stdout!.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        onOutput(stdout, child);
      });
      child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', fail);
      child.on('close', (status) => {
        clearTimeout(ended);
        done({ status, stdout, stderr, text: withoutBoxes(`${stdout}\n${stderr}`) });
      });
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
