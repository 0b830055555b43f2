/// What makes the page sort, filter and change its theme. Without it the page shows everything, the worst first.
enum PageScript {
  static let text = """
    'use strict';
    (() => {
      const $ = id => document.getElementById(id);
      const body = document.querySelector('#overview tbody');
      const cards = $('cards');
      const rows = [...body.rows];
      const card = new Map([...cards.querySelectorAll('article')].map(a => [a.dataset.i, a]));
      const words = rows.map(r => r.textContent.toLowerCase());
      $('tools').hidden = false;
      $('tools').addEventListener('submit', e => e.preventDefault());

      const filter = () => {
        const wanted = $('search').value.trim().toLowerCase(), verdict = $('verdict').value, type = $('type').value;
        let shown = 0;
        rows.forEach((row, i) => {
          const fits = words[i].includes(wanted) && (!type || row.dataset.type === type)
            && (!verdict || (verdict === '!' ? row.dataset.bad !== '0' : row.dataset.verdict === verdict));
          row.hidden = !fits;
          const own = card.get(row.dataset.i);
          if (own) own.hidden = !fits;
          if (fits) shown++;
        });
        $('none').hidden = shown > 0;
        $('count').textContent = shown === rows.length ? `${shown} columns` : `${shown} of ${rows.length} columns`;
      };
      for (const id of ['search', 'verdict', 'type']) $(id).addEventListener('input', filter);
      filter();

      const value = (row, at) => {
        const cell = row.cells[at];
        return cell.dataset.v === undefined ? cell.textContent : cell.dataset.v === '' ? null : Number(cell.dataset.v);
      };
      const sort = (at, sign) => {
        const ordered = rows.slice().sort((one, other) => {
          const a = value(one, at), b = value(other, at);
          if (a === null || b === null) return (a === null) - (b === null);
          return sign * (typeof a === 'number' ? a - b : a.localeCompare(b)) || one.dataset.i - other.dataset.i;
        });
        body.append(...ordered);
        cards.append(...ordered.map(row => card.get(row.dataset.i)).filter(Boolean));
      };
      const heads = [...document.querySelectorAll('#overview th[data-sort]')];
      for (const head of heads) {
        const button = document.createElement('button');
        button.type = 'button';
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener('click', () => {
          const now = head.getAttribute('aria-sort');
          const up = now ? now === 'descending' : head.dataset.sort !== 'down';
          for (const other of heads) other.removeAttribute('aria-sort');
          head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
          sort(head.cellIndex, up ? 1 : -1);
        });
      }

      const theme = $('theme'), dark = matchMedia('(prefers-color-scheme: dark)');
      const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? 'dark' : 'light')) === 'dark';
      const name = () => { theme.textContent = isDark() ? 'Light' : 'Dark'; };
      theme.addEventListener('click', () => { document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'; name(); });
      dark.addEventListener('change', name);
      theme.hidden = false;
      name();
    })();
    """
}
