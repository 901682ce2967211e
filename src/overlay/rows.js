/** The lines of the credits as elements, which are kept from one state to the next. Names come from chat: they are only ever text. */

/** @typedef {import('./model.js').Line} Line */
/** @typedef {import('./avatars.js').Avatars} Avatars */
/** @typedef {{ node: HTMLElement, write: (line: Line) => void }} Row */

export class Rows {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #parent;
  #avatars;

  /**
   * @param {HTMLElement} parent
   * @param {Avatars} avatars
   */
  constructor(parent, avatars) {
    this.#parent = parent;
    this.#avatars = avatars;
  }

  /** @param {readonly Line[]} lines */
  show(lines) {
    const former = this.#rows;
    this.#rows = new Map(lines.map((line) => [line.key, former.get(line.key) ?? this.#create(line)]));
    for (const [key, { node }] of former) if (!this.#rows.has(key)) node.remove();
    let at = this.#parent.firstChild;
    for (const line of lines) {
      const row = this.#rows.get(line.key);
      if (row === undefined) continue;
      row.write(line);
      if (row.node === at) at = at.nextSibling;
      else this.#parent.insertBefore(row.node, at);
    }
  }

  /**
   * @param {number} top of the part that is seen, in the coordinates of the credits
   * @returns {HTMLElement | null} the first line that is seen
   */
  firstBelow(top) {
    for (const { node } of this.#rows.values()) if (node.offsetTop + node.offsetHeight > top) return node;
    return null;
  }

  /**
   * @param {Line} line
   * @returns {Row}
   */
  #create({ tag }) {
    const node = document.createElement(tag);
    return { node, write: tag === 'p' ? this.#person(node) : ({ text }) => write(node, text) };
  }

  /** @param {HTMLElement} node */
  #person(node) {
    const image = document.createElement('img');
    image.alt = '';
    image.hidden = true;
    const before = document.createElement('span');
    // A name that is written from right to left must not turn what stands beside it.
    const name = document.createElement('bdi');
    const after = document.createElement('span');
    node.append(image, before, name, after);
    return (/** @type {Line} */ line) => {
      write(before, line.before);
      write(name, line.text);
      write(after, line.after);
      const url = line.avatarUrl ?? '';
      if (image.dataset.url === url) return;
      image.dataset.url = url;
      image.hidden = true;
      image.removeAttribute('src');
      if (url !== '') this.#avatars.put(image, url);
    };
  }
}

/**
 * @param {HTMLElement} node
 * @param {string} text
 */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
