/** What a test waits for comes at once on an idle machine; on a busy one it may take its time. */
import { vi } from 'vitest';

const PATIENCE = { timeout: 10_000 };

// Vitest has a setting for `expect.poll` and none for `vi.waitFor`, which gives up after a second.
const { waitFor } = vi;
vi.waitFor = (check, options = PATIENCE) => waitFor(check, options);
