// What is typed is sent to the server every few seconds, and kept on this device while the network is away.
import { formData } from './trusted.js';

const EVERY = 4000;
const KEPT = ['csrf_token', 'version', 'revision'];

class Autosave {
  constructor(editor) {
    this.editor = editor;
    this.form = editor.closest('form');
    this.state = editor.querySelector('[data-autosave-state]');
    this.key = `relais-text:${location.pathname}`;
    this.sent = this.typed();
    this.stopped = false;
    this.form.addEventListener('input', () => this.schedule());
    this.form.addEventListener('submit', () => this.submitted());
    window.addEventListener('online', () => this.save());
    window.addEventListener('pagehide', () => this.keepHere());
    this.offerWhatWasKept();
  }

  typed() {
    return new URLSearchParams([...formData(this.form)].filter(([name]) => !KEPT.includes(name))).toString();
  }

  schedule() {
    this.timer ??= setTimeout(() => { this.timer = undefined; this.save(); }, EVERY);
  }

  submitted() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.forget();
  }

  keepHere() {
    if (this.stopped || this.typed() === this.sent) return;
    try { localStorage.setItem(this.key, this.typed()); } catch { /* private windows may refuse; the server copy remains */ }
  }

  forget() {
    try { localStorage.removeItem(this.key); } catch { /* as above */ }
  }

  async save() {
    const typed = this.typed();
    if (this.stopped || typed === this.sent) return;
    this.say('saving');
    try {
      const answer = await fetch(this.editor.dataset.autosaveUrl, {
        method: 'POST', body: formData(this.form), headers: { Accept: 'application/json' },
      });
      if (answer.status === 409) return this.stale(await answer.json().catch(() => ({})));
      if (!answer.ok) throw new TypeError(`autosave was answered ${answer.status}`);
      const { saved_at: savedAt } = await answer.json();
      this.sent = typed;
      this.forget();
      this.say('saved', new Date(savedAt));
      if (this.typed() !== this.sent) this.schedule();
    } catch (problem) {
      if (!(problem instanceof TypeError)) throw problem;
      this.keepHere();
      this.say('offline');
      this.schedule();
    }
  }

  stale({ message }) {
    this.stopped = true;
    this.keepHere();
    this.say('stale');
    if (message) this.state.textContent = message;
  }

  say(word, at) {
    const time = at?.toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    this.state.textContent = this.state.dataset[word].replace('{time}', time ?? '');
    this.state.classList.toggle('is-troubled', word === 'offline' || word === 'stale');
  }

  offerWhatWasKept() {
    let kept = null;
    try { kept = localStorage.getItem(this.key); } catch { return; }
    if (!kept || kept === this.sent) return;
    const box = document.createElement('div');
    box.className = 'message message-warning';
    box.setAttribute('role', 'status');
    const words = document.createElement('div');
    words.textContent = `${this.editor.dataset.draftFound} `;
    words.append(this.choice('draftRestore', () => { this.restore(kept); box.remove(); }), ' ',
      this.choice('draftDrop', () => { this.forget(); box.remove(); }));
    box.append(words);
    this.editor.before(box);
  }

  choice(word, act) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button button-quiet';
    button.textContent = this.editor.dataset[word];
    button.addEventListener('click', act);
    return button;
  }

  restore(kept) {
    for (const [name, value] of new URLSearchParams(kept)) {
      const field = this.form.elements[name];
      if (field instanceof HTMLElement && 'value' in field && field.type !== 'hidden') field.value = value;
    }
    this.form.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

// A shared computer keeps nothing of a person who signs out.
function forgetEverything() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith('relais-text:')) localStorage.removeItem(key);
  } catch { /* nothing was kept where storage is refused */ }
}

export function start() {
  document.querySelector('form[data-sign-out]')?.addEventListener('submit', forgetEverything);
  document.querySelectorAll('[data-editor][data-autosave-url]').forEach((editor) => new Autosave(editor));
}
