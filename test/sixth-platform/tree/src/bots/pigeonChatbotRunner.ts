/** The Pigeon worker. */
import { pigeon } from '../platforms/pigeon/index.ts';
import { runWorkerProcess } from './worker-process.ts';

await runWorkerProcess(pigeon);
