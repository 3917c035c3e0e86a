// Live preview by the server's own renderer: what is shown is what would be published.
import { fill, formData } from './trusted.js';

const PAUSE = 450;

function lengthLine(entry, tooLong, number) {
  const line = document.createElement('li');
  const name = document.createElement('span');
  const count = document.createElement('span');
  name.textContent = entry.channel;
  count.className = 'number';
  count.textContent = number.format(entry.count) + (entry.limit ? ` / ${number.format(entry.limit)}` : '');
  line.append(name, ' ', count);
  if (entry.over) {
    const words = document.createElement('strong');
    words.textContent = tooLong;
    line.className = 'is-over';
    line.append(' ', words);
  }
  return line;
}

function follow(editor) {
  const form = editor.closest('form');
  const target = editor.querySelector('[data-preview]');
  const list = editor.querySelector('[data-lengths]');
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let timer = 0;
  let running = null;

  async function refresh() {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(editor.dataset.previewUrl, {
        method: 'POST', body: formData(form), signal: running.signal, headers: { Accept: 'application/json' },
      });
      if (!answer.ok) return;
      const { html, lengths = [] } = await answer.json();
      fill(target, html);
      list?.replaceChildren(...lengths.map((entry) => lengthLine(entry, editor.dataset.tooLong, number)));
    } catch (problem) {
      // Offline, or a newer preview took over: the last one stays on screen.
      if (problem.name !== 'AbortError' && !(problem instanceof TypeError)) throw problem;
    }
  }

  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  });
  if (form.elements.body?.value) refresh();
}

export function start() {
  document.querySelectorAll('[data-editor][data-preview-url]').forEach(follow);
}
