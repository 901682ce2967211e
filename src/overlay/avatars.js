/** Loads each avatar once and shows it when it is there: one that fails leaves no hole and is not asked for again. */

/** Hosts that hang hold connections; the others must come through beside them. */
const AT_ONCE = 6;
/** An avatar that takes longer is taken for one that fails. */
const LOAD_MS = 10_000;

/** @typedef {{ state: 'waiting' | 'shown' | 'failed', images: Set<HTMLImageElement> }} Avatar */

export class Avatars {
  /** @type {Map<string, Avatar>} */
  #avatars = new Map();
  /** @type {string[]} */
  #waiting = [];
  #loading = 0;

  /**
   * @param {HTMLImageElement} image shown when the avatar is there, hidden until then
   * @param {string} url
   */
  put(image, url) {
    const known = this.#avatars.get(url);
    if (known === undefined) {
      this.#avatars.set(url, { state: 'waiting', images: new Set([image]) });
      this.#waiting.push(url);
      this.#loadNext();
    } else if (known.state === 'shown') show(image, url);
    else if (known.state === 'waiting') known.images.add(image);
  }

  #loadNext() {
    while (this.#loading < AT_ONCE) {
      const url = this.#waiting.shift();
      if (url === undefined) return;
      this.#loading += 1;
      this.#load(url);
    }
  }

  /** @param {string} url */
  #load(url) {
    const trial = new Image();
    const timer = setTimeout(() => end('failed'), LOAD_MS);
    /** @param {'shown' | 'failed'} state */
    const end = (state) => {
      clearTimeout(timer);
      trial.onload = null;
      trial.onerror = null;
      const avatar = this.#avatars.get(url);
      if (avatar !== undefined) {
        avatar.state = state;
        if (state === 'shown') for (const image of avatar.images) show(image, url);
        avatar.images.clear();
      }
      // Ends a load that hangs.
      if (state === 'failed') trial.removeAttribute('src');
      this.#loading -= 1;
      this.#loadNext();
    };
    trial.onload = () => end('shown');
    trial.onerror = () => end('failed');
    trial.src = url;
  }
}

/**
 * @param {HTMLImageElement} image
 * @param {string} url
 */
function show(image, url) {
  // The line may belong to another avatar by now.
  if (image.dataset.url !== url) return;
  image.src = url;
  image.hidden = false;
}
