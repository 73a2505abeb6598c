import { spawn } from 'node:child_process';
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
  /** Credentials by host name (with port). */
  credentials?: Record<string, string>;
  /** PEM file of a private certificate authority. */
  caFile?: string;
  env?: Record<string, string>;
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
    writeFileSync(join(this.directory, 'cli.tfrc'), cliConfiguration(options));
    mkdirSync(this.path);
    this.write('main.tf', options.main);
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TF_CLI_CONFIG_FILE: join(this.directory, 'cli.tfrc'),
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

  /** Runs the CLI; never throws for a failing command. It is ended after a minute. */
  run(...args: string[]): Promise<CliResult> {
    return new Promise((done, fail) => {
      const child = spawn(TERRAFORM!, args, {
        cwd: this.path,
        env: this.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = setTimeout(() => child.kill('SIGKILL'), 60_000);
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
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
