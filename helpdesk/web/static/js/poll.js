// Counts beside the workplaces and working lists follow the server: asked every 20 seconds, answered 304 when nothing moved.
const EVERY = 20000;

export function start() {
  const address = document.querySelector('[data-counts-url]')?.dataset.countsUrl;
  if (!address) return;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let tag = '';

  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(address, { headers: tag ? { 'If-None-Match': tag } : {}, cache: 'no-store' });
      if (answer.status !== 200) return;
      tag = answer.headers.get('ETag') ?? '';
      const { counts } = await answer.json();
      for (const place of document.querySelectorAll('[data-count]')) {
        const count = counts[place.dataset.count];
        if (count !== undefined) place.textContent = number.format(count);
      }
    } catch (problem) {
      if (!(problem instanceof TypeError)) throw problem; // the network is away: ask again next time
    }
  }

  setInterval(ask, EVERY);
  document.addEventListener('visibilitychange', ask);
}
