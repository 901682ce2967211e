/** Fails when a mutant no longer fits the sources: `pnpm mutants` would find that out in half an hour. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { mutants } from './mutants/list.ts';
import { staleMutants } from './mutants/mutant.ts';
import { report } from './sources.ts';

const ROOT = path.join(import.meta.dirname, '..');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const read = (file: string) =>
    existsSync(path.join(ROOT, file)) ? readFileSync(path.join(ROOT, file), 'utf8') : null;
  report('mutants', staleMutants(mutants, read));
}
