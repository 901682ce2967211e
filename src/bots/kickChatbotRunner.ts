/** The Kick worker's process. */
import { kick } from '../platforms/kick/index.ts';
import { runWorkerProcess } from './worker-process.ts';

await runWorkerProcess(kick);
