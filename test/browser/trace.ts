/** What a page costs while nobody touches it, from the browser's own trace. */
import type { Browser, Page } from 'playwright-core';

export interface Frames {
  /** Frames that the compositor drew. */
  readonly framesPerSecond: number;
  /** Of the page's main thread. */
  readonly longestTaskMs: number;
  readonly scripts: number;
  readonly layouts: number;
  /** Frames that the main thread had a part in: none while the compositor moves the page by itself. */
  readonly mainFrames: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly args: { readonly name?: string };
}

const CATEGORIES = [
  'devtools.timeline',
  'devtools.timeline.frame',
  'toplevel',
  'blink.animations',
  '__metadata',
].flatMap((name) => [name, `disabled-by-default-${name}`]);
const SCRIPTS = new Set(['FunctionCall', 'EvaluateScript', 'FireAnimationFrame', 'TimerFire']);
const MAIN_FRAMES = new Set(['BeginMainThreadFrame']);
const LAYOUTS = new Set(['Layout', 'UpdateLayoutTree']);

export async function lookAtFrames(browser: Browser, page: Page, forMs: number): Promise<Frames> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await page.waitForTimeout(forMs);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const onMain = traceEvents.filter(({ pid, tid }) => threads.has(`${pid} ${tid}`));
  const drawn = traceEvents.filter(({ name }) => name === 'DrawFrame');
  const count = (names: ReadonlySet<string>) => onMain.filter(({ name }) => names.has(name)).length;
  return {
    framesPerSecond: (drawn.length / forMs) * 1000,
    longestTaskMs: Math.max(0, ...onMain.filter(({ name }) => name === 'RunTask').map(({ dur = 0 }) => dur / 1000)),
    scripts: count(SCRIPTS),
    layouts: count(LAYOUTS),
    mainFrames: count(MAIN_FRAMES),
  };
}
