// What the sweep over all pages asks of each (sweeping.py): the faults that axe finds, colours, the sign of the
// focus, and what is wider than the window.
//
// Colours and focus are looked at once for each look that the pages have and not for each row of each list: the same
// kind of element in the same colours on the same ground is the same to the eye. `known` are the looks of the pages
// before this one, as numbers; those that are new are returned with the faults.
window.sweep = (() => {
  const told = found => found.violations.map(one =>
    [one.impact, one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 110))]);
  const kind = node => node && node.tagName + '.' + (node.getAttribute('class') || '');
  const number = text => {
    let a = 0xdeadbeef, b = 0x41c6ce57;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
    return 4294967296 * (2097151 & b) + (a >>> 0);
  };

  const grounds = new WeakMap();
  const ground = node => {
    if (!node) return '';
    if (!grounds.has(node)) {
      const style = getComputedStyle(node), above = ground(node.parentElement);
      const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter].join();
      grounds.set(node, own === 'rgba(0, 0, 0, 0),none,1,none' ? above : above + '|' + own);
    }
    return grounds.get(node);
  };
  const colours = node => {
    const style = getComputedStyle(node), up = node.parentElement;
    return [kind(node), kind(up), kind(up?.parentElement), node.matches(':disabled'), style.color, style.fontSize,
      style.fontWeight, style.textShadow, ground(node)].join(';');
  };

  const fresh = (nodes, look, known) => {
    const before = new Set(known), found = new Map();
    for (const node of nodes) {
      if (!node.checkVisibility({visibilityProperty: true})) continue;
      const one = number(look(node));
      if (!before.has(one) && !found.has(one)) found.set(one, node);
    }
    return found;
  };

  const written = () => {
    const nodes = new Set(document.querySelectorAll('input:not([type=hidden]), textarea, select'));
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (walker.currentNode.data.trim()) nodes.add(walker.currentNode.parentElement);
    return nodes;
  };

  // How an element and what it stands in are drawn; a focus that changes none of it is not seen.
  const drawn = node => {
    const all = [];
    for (let up = node, steps = 0; up && steps < 6; up = up.parentElement, steps++) {
      const style = getComputedStyle(up);
      const ring = style.outlineStyle === 'none' ? '' : style.outlineWidth + style.outlineColor;
      all.push(ring, style.boxShadow);
    }
    return all.join();
  };

  return {
    async rules(tags) {
      const rules = {'target-size': {enabled: true}, 'color-contrast': {enabled: false}};
      const wanted = {runOnly: {type: 'tag', values: tags}, rules, resultTypes: ['violations'], preload: false};
      return told(await axe.run(document, wanted));
    },
    async contrast(known) {
      const found = fresh(written(), colours, known);
      if (!found.size) return {faults: [], looks: []};
      const wanted = {runOnly: {type: 'rule', values: ['color-contrast']}, resultTypes: ['violations'], preload: false};
      return {faults: told(await axe.run({include: [...found.values()]}, wanted)), looks: [...found.keys()]};
    },
    // The focus comes back to where `sweep.focused` says that it was.
    focus(known) {
      const nodes = document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])');
      const look = node => [kind(node), node.type || '', kind(node.parentElement), kind(node.parentElement?.parentElement)].join(';');
      const found = fresh([...nodes].filter(node => !node.disabled), look, known), faults = [];
      for (const node of found.values()) {
        if (!node.isConnected) continue;
        document.activeElement?.blur();
        const before = drawn(node);
        node.focus({preventScroll: true});
        if (document.activeElement === node && drawn(node) === before) faults.push(node.outerHTML.slice(0, 110));
      }
      document.activeElement?.blur();
      window.sweep.focused?.focus();
      return {faults, looks: [...found.keys()]};
    },
    // Wider than the window, and what of it sticks out; what scrolls inside itself may.
    wide() {
      const root = document.documentElement, wide = root.scrollWidth - root.clientWidth;
      if (wide <= 0) return [];
      const scrolls = node => node !== document.body && /auto|scroll|hidden|clip/.test(getComputedStyle(node).overflowX);
      const inside = node => {
        for (let up = node.parentElement; up && up !== root; up = up.parentElement) if (scrolls(up)) return true;
        return false;
      };
      const out = [...document.body.querySelectorAll('*')].filter(node =>
        node.getBoundingClientRect().right > root.clientWidth + 1 && !inside(node));
      return [`${wide} px`, ...out.slice(-3).map(node => node.outerHTML.slice(0, 110))];
    },
  };
})();
