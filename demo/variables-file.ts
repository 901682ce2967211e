/** The variables of the demo as a file, for the operator's commands that look at a running installation. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { withValues } from '../src/cli/env-file.ts';

/** Readable by its owner alone, and gone with the demo. @param blank what an empty value hides from the shell @returns its path */
export async function writeVariablesFile(
  cleanup: AsyncDisposableStack,
  blank: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'memalerts-demo-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'demo.env');
  const set = new Map(Object.entries(values).filter(([, value]) => value !== ''));
  const empty = Object.keys(blank).map((name) => `${name}=\n`);
  await writeFile(file, withValues(empty.join(''), set), { mode: 0o600 });
  return file;
}
