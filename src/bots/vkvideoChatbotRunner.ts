/** The VK Video Live worker's process. */
import { vkvideo } from '../platforms/vkvideo/index.ts';
import { runWorkerProcess } from './worker-process.ts';

await runWorkerProcess(vkvideo);
