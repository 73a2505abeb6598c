/**
 * Packs the sample module and the sample provider: `node test/support/build-fixtures.ts [directory]`.
 * Archives are written without compression and without times, so their bytes are the same on every machine.
 * This file imports nothing from this project, so Node can run it as it is.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import * as openpgp from 'openpgp';

const FIXTURES = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures');
const FIXED_TIME_SECONDS = 1_767_225_600;

/** One file of an archive. */
export interface PackedFile {
  name: string;
  data: Buffer | string;
  /** Unix permission bits; 0o644 when absent. */
  mode?: number;
}

/** Where the built fixtures are. */
export interface BuiltFixtures {
  directory: string;
  moduleArchive: string;
  /** By platform, e.g. `linux_amd64`. */
  providerPackages: Record<string, string>;
  publicKey: string;
  shasums: string;
  shasumsSignature: string;
}

/** An OpenPGP key for tests, and a way to sign with it. */
export interface TestSigner {
  publicKey: string;
  sign(data: Buffer | string): Promise<Buffer>;
}

function tarHeader(name: string, size: number, mode: number): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0, 100, 'utf8');
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(FIXED_TIME_SECONDS, 12), 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** A gzip stream of stored blocks: valid everywhere, and independent of the compressor of this machine. */
function gzipStored(data: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let start = 0; start === 0 || start < data.length; start += 0xffff) {
    const block = data.subarray(start, start + 0xffff);
    const header = Buffer.alloc(5);
    header.writeUInt8(start + 0xffff >= data.length ? 1 : 0, 0);
    header.writeUInt16LE(block.length, 1);
    header.writeUInt16LE(block.length ^ 0xffff, 3);
    parts.push(header, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([...parts, trailer]);
}

/** A gzip-compressed tar of plain files. */
export function packTarGz(files: readonly PackedFile[]): Buffer {
  const parts: Buffer[] = [];
  for (const file of files) {
    const data = Buffer.from(file.data as string);
    parts.push(tarHeader(file.name, data.length, file.mode ?? 0o644), data);
    parts.push(Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return gzipStored(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

/** A zip of plain files with unix modes, stored, without directory entries. */
export function packZip(files: readonly PackedFile[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const data = Buffer.from(file.data as string);
    const name = Buffer.from(file.name, 'utf8');
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(14);
    central.writeUInt32LE((((file.mode ?? 0o644) | 0o100000) << 16) >>> 0, 6);
    central.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    centrals.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, central, name);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** The files of a folder, by name, with `/` between folders. */
function filesOf(directory: string): PackedFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(directory, path).split(sep).join('/'), data: readFileSync(path) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The sample module; `more` adds files, so that other versions get other bytes. */
export function moduleArchive(more: readonly PackedFile[] = []): Buffer {
  return packTarGz([...filesOf(join(FIXTURES, 'modules', 'vpc')), ...more]);
}

/** A package of the sample provider; type and version decide the name of the binary in it. */
export function providerPackage(type = 'mycloud', version = '1.0.0', platform = 'linux_amd64'): Buffer {
  const source = join(FIXTURES, 'providers', 'mycloud');
  const binary = `terraform-provider-${type}_v${version}${platform.startsWith('windows') ? '.exe' : ''}`;
  return packZip([
    {
      name: 'README.md',
      data: `${readFileSync(join(source, 'README.md'), 'utf8')}\nBuilt for ${platform}.\n`,
    },
    { name: binary, data: readFileSync(join(source, 'terraform-provider-mycloud.sh')), mode: 0o755 },
  ]);
}

/** The name a package has in a registry. */
export function packageName(type: string, version: string, platform: string): string {
  return `terraform-provider-${type}_${version}_${platform}.zip`;
}

/** A checksum document over packages, by file name. */
export function shasumsOf(packages: Readonly<Record<string, Buffer>>): string {
  const line = ([name, data]: [string, Buffer]): string =>
    `${createHash('sha256').update(data).digest('hex')}  ${name}\n`;
  return Object.entries(packages).sort().map(line).join('');
}

/** A new OpenPGP key of the kind that Terraform reads (v4, EdDSA legacy), for tests only. */
export async function testSigner(): Promise<TestSigner> {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Test only', email: 'test-only@example.com' }],
    subkeys: [],
    format: 'object',
  });
  return {
    publicKey: publicKey.armor(),
    async sign(data) {
      const message = await openpgp.createMessage({ binary: Buffer.from(data as string) });
      const options = { message, signingKeys: privateKey, detached: true, format: 'binary' } as const;
      return Buffer.from((await openpgp.sign(options)) as Uint8Array);
    },
  };
}

/** Writes every fixture to a directory. */
export async function buildFixtures(
  directory: string,
  platforms = ['linux_amd64', 'linux_arm64', 'darwin_arm64', 'windows_amd64'],
): Promise<BuiltFixtures> {
  mkdirSync(directory, { recursive: true });
  const write = (name: string, data: Buffer | string): string => {
    writeFileSync(join(directory, name), data);
    return join(directory, name);
  };
  const packages = Object.fromEntries(
    platforms.map((platform) => [
      packageName('mycloud', '1.0.0', platform),
      providerPackage('mycloud', '1.0.0', platform),
    ]),
  );
  const signer = await testSigner();
  const shasums = shasumsOf(packages);
  for (const [name, data] of Object.entries(packages)) write(name, data);
  return {
    directory,
    moduleArchive: write('module.tar.gz', moduleArchive()),
    providerPackages: Object.fromEntries(
      platforms.map((platform) => [platform, join(directory, packageName('mycloud', '1.0.0', platform))]),
    ),
    publicKey: write('public_key.asc', signer.publicKey),
    shasums: write('terraform-provider-mycloud_1.0.0_SHA256SUMS', shasums),
    shasumsSignature: write('terraform-provider-mycloud_1.0.0_SHA256SUMS.sig', await signer.sign(shasums)),
  };
}

if (import.meta.main) {
  const built = await buildFixtures(resolve(process.argv[2] ?? 'build/fixtures'));
  console.log(
    `Wrote the sample module, the sample provider and a test-only key to ${relative('', built.directory)}`,
  );
}
