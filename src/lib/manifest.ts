/** What this build is called. */
import { readFileSync } from 'node:fs';

export interface Manifest {
  readonly name: string | null;
  readonly version: string | null;
}

export function readManifest(): Manifest {
  // Two folders up in the sources and in dist alike.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const { name = null, version = null } = manifest as Partial<Manifest>;
  return { name, version };
}
