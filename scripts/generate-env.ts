/** Writes `.env.example` and the variables' table of the handbook from their only declaration. */
import { readFile, writeFile } from 'node:fs/promises';
import { renderEnvExample, replaceTable } from '../src/config/documentation.ts';

const HANDBOOK = 'docs/OPERATIONS.md';

await writeFile('.env.example', renderEnvExample());
await writeFile(HANDBOOK, replaceTable(await readFile(HANDBOOK, 'utf8')));
