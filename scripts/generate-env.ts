/** Writes `.env.example` and the tables of both handbooks from their only declarations. */
import { readFile, writeFile } from 'node:fs/promises';
import { replaceCauseTables } from '../src/config/cause-tables.ts';
import { renderEnvExample, replaceTable } from '../src/config/documentation.ts';

const HANDBOOK = 'docs/OPERATIONS.md';
const RUSSIAN_HANDBOOK = 'docs/OPERATIONS.ru.md';

await writeFile('.env.example', renderEnvExample());
await writeFile(HANDBOOK, replaceCauseTables(replaceTable(await readFile(HANDBOOK, 'utf8')), 'en'));
await writeFile(RUSSIAN_HANDBOOK, replaceCauseTables(await readFile(RUSSIAN_HANDBOOK, 'utf8'), 'ru'));
