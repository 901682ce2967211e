/** The Twitch worker's process. */
import { twitch } from '../platforms/twitch/index.ts';
import { runWorkerProcess } from './worker-process.ts';

await runWorkerProcess(twitch);
