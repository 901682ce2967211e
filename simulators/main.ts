/** Runs the simulated platforms as a process: one line of JSON with their addresses, then until SIGTERM or SIGINT. */
import { parseArgs } from 'node:util';
import { startTwitchSimulator } from './twitch/simulator.ts';

const { values } = parseArgs({
  options: {
    'twitch-port': { type: 'string', default: '0' },
    'twitch-control-port': { type: 'string', default: '0' },
    /** `off` lets everybody be as fast as the machine. */
    limits: { type: 'string', default: 'real' },
  },
});

const twitch = await startTwitchSimulator({
  port: Number(values['twitch-port']),
  controlPort: Number(values['twitch-control-port']),
  ...(values.limits === 'off' ? { limits: 'off' as const } : {}),
});
process.stdout.write(`${JSON.stringify({ twitch: { urls: twitch.urls, env: twitch.env() } })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void twitch.stop().then(() => process.exit(0)));
}
