/** A Chromium that came with the packages, ready for tests; what it lacks on this machine is said by name (docs/decisions/0017-tests-bring-their-own-browser.md). */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);
const CACHE = path.join(import.meta.dirname, '../../node_modules/.cache');
const PARTS = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'];
/** What Debian and Ubuntu call the libraries that the program asks for. */
const DEBIAN_PACKAGES = ['libnss3', 'libnspr4', 'libexpat1', 'libgcc-s1'];

/** A browser of the machine; needed where the package has none. */
const given = process.env.TEST_BROWSER;

/** Null where tests in a browser can run, else why they cannot. */
export const missingBrowser =
  given !== undefined || (process.platform === 'linux' && process.arch === 'x64')
    ? null
    : `there is no browser for ${process.platform} ${process.arch} among the packages; set TEST_BROWSER to the path of a Chromium`;

/** It reaches this machine alone: every other name is unknown to it. */
export async function launchChromium(): Promise<Browser> {
  const { program, env } = given === undefined ? await unpacked() : { program: given, env: {} };
  return chromium.launch({
    executablePath: program,
    env: { ...process.env, ...env },
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost', '--font-render-hinting=none'],
  });
}

interface Program {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

async function unpacked(): Promise<Program> {
  const folder = await unpack();
  const program = path.join(folder, 'chromium');
  const env = { FONTCONFIG_FILE: path.join(folder, 'fonts.conf') };
  if ((await missingLibraries(program, {})).length === 0) return { program, env };
  const withLibraries = { ...env, LD_LIBRARY_PATH: path.join(folder, 'al2023/lib') };
  const missing = await missingLibraries(program, withLibraries);
  if (missing.length === 0) return { program, env: withLibraries };
  throw new Error(complaintAbout(missing));
}

export function complaintAbout(missing: readonly string[]): string {
  const install = `sudo apt-get install -y ${DEBIAN_PACKAGES.join(' ')}`;
  return `The browser of the tests lacks ${missing.join(', ')}. Install the libraries: ${install}`;
}

/** Everything is inside the package: nothing is downloaded. */
async function unpack(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const home = path.join(path.dirname(entry), '..');
  const { version } = JSON.parse(await readFile(path.join(home, 'package.json'), 'utf8'));
  const folder = path.join(CACHE, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(`${folder}-draft-`);
  try {
    // The package unpacks into the folder for temporary files, and never again what is there already.
    const program = `
      const { inflate } = await import(${JSON.stringify(pathToFileURL(entry).href)});
      for (const part of process.argv.slice(1)) await inflate(part);`;
    await run(
      process.execPath,
      ['--input-type=module', '-e', program, ...PARTS.map((part) => path.join(home, 'bin', part))],
      { env: { ...process.env, TMPDIR: draft } },
    );
    await writeFile(path.join(draft, 'fonts.conf'), fontsOf(folder));
    await rename(draft, folder);
  } catch (error) {
    // Another test file may have been faster.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** The fonts of the package alone: a line is as wide on every machine. */
function fontsOf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
}

async function missingLibraries(program: string, env: Readonly<Record<string, string>>): Promise<string[]> {
  const { stdout, stderr } = await run('ldd', [program], { env: { ...process.env, ...env } }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return librariesMissingIn(`${stdout}\n${stderr}`);
}

/** @param output of `ldd` */
export function librariesMissingIn(output: string): string[] {
  const unknown = [...output.matchAll(/^\s*(\S+) => not found$/gm)].map(([, library = '']) => library);
  // A library of the package may itself be too new for the system.
  const outdated = [...output.matchAll(/version `([^']+)' not found/g)].map(([, version = '']) => version);
  return [...new Set([...unknown, ...outdated])];
}
