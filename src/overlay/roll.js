/** Moves the credits by one animation of `transform`: the compositor runs it, so no script and no layout happens per frame. */

/** @typedef {import('./style.js').Style} Style */
/** @typedef {{ from: number, to: number, durationMs: number, iterations: number }} Course */

export class Roll {
  #card;
  /** @type {Animation | null} */
  #animation = null;
  /** @type {Course | null} */
  #course = null;

  /** @param {HTMLElement} card */
  constructor(card) {
    this.#card = card;
  }

  /** Where the upper edge of the credits is, in pixels below the upper edge of the page. */
  get top() {
    const progress = this.#animation?.effect?.getComputedTiming().progress;
    return this.#course === null ? 0 : placeAt(this.#course, progress ?? 0);
  }

  /**
   * After the credits, their style or the page changed: the roll goes on from where it is.
   *
   * @param {Style} style
   * @param {number} [top] where the upper edge is to be
   */
  fit(style, top = this.top) {
    const course = courseOf(this.#card.offsetHeight, window.innerHeight, style);
    if (course === null) {
      this.stop();
      return;
    }
    const { from, to, durationMs, iterations } = course;
    const keyframes = [from, to].map((y) => ({ transform: `translateY(${y}px)` }));
    const timing = { duration: durationMs, iterations };
    if (this.#animation === null || this.#course === null) {
      this.#animation = this.#card.animate(keyframes, { ...timing, easing: 'linear', fill: 'both' });
    } else if (
      Object.entries(course).some(([key, value]) => this.#course?.[/** @type {keyof Course} */ (key)] !== value)
    ) {
      const effect = /** @type {KeyframeEffect} */ (this.#animation.effect);
      effect.setKeyframes(keyframes);
      effect.updateTiming(timing);
      this.#animation.currentTime = Math.min(Math.max((top - from) / (to - from), 0), 1) * durationMs;
    }
    this.#course = course;
  }

  /** From the beginning. */
  restart() {
    if (this.#animation === null) return;
    this.#animation.currentTime = 0;
    this.#animation.play();
  }

  stop() {
    this.#animation?.cancel();
    this.#animation = null;
    this.#course = null;
  }
}

/**
 * @param {number} height of the credits
 * @param {number} page height of what is seen
 * @param {Style} style
 * @returns {Course | null} null when they stand still
 */
function courseOf(height, page, { rollSpeed, rollDirection, rollRepeat, rollGap }) {
  if (rollSpeed === 0) return null;
  const [from, to] = rollDirection === 'up' ? [page, -height - rollGap] : [-height, page + rollGap];
  const durationMs = (Math.abs(to - from) / rollSpeed) * 1000;
  return { from, to, durationMs, iterations: rollRepeat === 'loop' ? Number.POSITIVE_INFINITY : 1 };
}

/**
 * @param {Course} course
 * @param {number} progress
 */
function placeAt({ from, to }, progress) {
  return from + (to - from) * progress;
}
