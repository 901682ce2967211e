/** The YouTube worker's process. */
import { youtube } from '../platforms/youtube/index.ts';
import { runWorkerProcess } from './worker-process.ts';

await runWorkerProcess(youtube);
