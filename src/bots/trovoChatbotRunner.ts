/** The Trovo worker's process. */
import { trovo } from '../platforms/trovo/index.ts';
import { runWorkerProcess } from './worker-process.ts';

await runWorkerProcess(trovo);
