// A list of ways to go on below a search field: filters, their values, references. The ARIA combobox pattern: the field
// keeps the focus, arrows walk the list, Enter takes what is walked to (else it searches), Escape closes.
const PAUSE = 120;
let lists = 0;

class Completing {
  constructor(field) {
    this.field = field;
    this.address = field.dataset.completions;
    this.items = [];
    this.at = -1;
    this.turn = 0;
    this.build();
    field.addEventListener('input', () => this.later());
    field.addEventListener('keydown', (event) => this.press(event));
    field.addEventListener('blur', () => this.close());
    field.form.addEventListener('submit', () => this.close());
  }

  build() {
    const id = `completions-${(lists += 1)}`;
    this.list = Object.assign(document.createElement('ul'), { id, className: 'completions', hidden: true });
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', this.field.labels[0]?.textContent ?? '');
    this.list.addEventListener('mousedown', (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener('click', (event) => {
      const option = event.target.closest('[role=option]');
      if (option) this.take(this.items[[...this.list.children].indexOf(option)]);
    });
    this.said = Object.assign(document.createElement('span'), { className: 'visually-hidden' });
    this.said.setAttribute('role', 'status');
    this.field.after(this.list, this.said);
    const roles = { role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': id };
    for (const [name, value] of Object.entries(roles)) this.field.setAttribute(name, value);
  }

  later() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const turn = (this.turn += 1);
    const query = new URLSearchParams({ q: this.field.value, at: this.field.selectionStart ?? this.field.value.length });
    try {
      const answer = await fetch(`${this.address}?${query}`);
      if (!answer.ok || turn !== this.turn || document.activeElement !== this.field) return;
      this.show((await answer.json()).items);
    } catch (problem) {
      if (!(problem instanceof TypeError)) throw problem; // the network is away: the field still searches
    }
  }

  show(items) {
    this.items = items;
    this.list.replaceChildren(...items.map((item, place) => this.option(item, place)));
    this.list.hidden = !items.length;
    this.field.setAttribute('aria-expanded', String(items.length > 0));
    this.said.textContent = items.length ? (this.field.dataset.offered ?? '').replace('{count}', items.length) : '';
    this.walk(-1);
  }

  option(item, place) {
    const option = Object.assign(document.createElement('li'), { id: `${this.list.id}-${place}` });
    option.setAttribute('role', 'option');
    option.append(Object.assign(document.createElement('code'), { textContent: item.text }));
    option.append(Object.assign(document.createElement('span'), { textContent: item.hint }));
    return option;
  }

  walk(place) {
    this.at = place;
    [...this.list.children].forEach((option, number) => option.setAttribute('aria-selected', String(number === place)));
    const option = this.list.children[place];
    if (!option) return this.field.removeAttribute('aria-activedescendant');
    this.field.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  }

  press(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const open = !this.list.hidden;
    const count = this.items.length;
    if (event.key === 'ArrowDown' && !open) this.ask();
    else if (event.key === 'ArrowDown') this.walk(this.at + 1 >= count ? 0 : this.at + 1);
    else if (event.key === 'ArrowUp' && open) this.walk(this.at <= 0 ? count - 1 : this.at - 1);
    else if (event.key === 'Enter' && open && this.at >= 0) this.take(this.items[this.at]);
    else if (event.key === 'Escape' && open) this.close();
    else return;
    event.preventDefault();
  }

  take(item) {
    const { value } = this.field;
    const after = value.slice(item.end);
    const before = value.slice(0, item.start) + item.text + (item.whole && !after.startsWith(' ') ? ' ' : '');
    this.field.value = before + after;
    this.field.setSelectionRange(before.length, before.length);
    this.close();
    if (!item.whole) this.ask();
  }

  close() {
    clearTimeout(this.waiting);
    this.turn += 1;
    this.show([]);
  }
}

export function start() {
  for (const field of document.querySelectorAll('[data-completions]')) new Completing(field);
}
