// "/" goes to the search field; j and k walk a list; each [data-shortcut] is pressed by its key.
// A person can turn single keys off (WCAG 2.1.4): <body data-no-shortcuts>.
const TYPING = 'input, textarea, select, [contenteditable]';

function walk(step) {
  const links = [...document.querySelectorAll('[data-rows] .queue-link')];
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, here + step))].focus();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
  if (event.key === '/') {
    const field = document.getElementById('seek');
    if (!field) return;
    field.focus();
    field.select();
  } else if (event.key === 'j' || event.key === 'k') {
    walk(event.key === 'j' ? 1 : -1);
  } else {
    const target = [...document.querySelectorAll('[data-shortcut]')].find((element) => element.dataset.shortcut === event.key);
    if (!target) return;
    target.click();
  }
  event.preventDefault();
}

export function start() {
  if (!('noShortcuts' in document.body.dataset)) document.addEventListener('keydown', press);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const open = event.target.closest?.('details.account[open], details.confirm[open]');
    if (!open) return;
    open.open = false;
    open.querySelector('summary').focus();
  });
  document.addEventListener('click', (event) => {
    for (const open of document.querySelectorAll('details.account[open]')) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
}
