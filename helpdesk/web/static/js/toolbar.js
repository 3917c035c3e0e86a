// A few Markdown buttons above a text area: one tab stop, arrows move between them.
const AROUND = { bold: ['**', '**'], italic: ['*', '*'], link: ['[', '](https://)'] };
const BEFORE = { list: () => '- ', numbers: (index) => `${index + 1}. `, quote: () => '> ' };

function apply(area, action) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const chosen = value.slice(start, end);
  let text;
  let from = start;
  if (AROUND[action]) {
    text = AROUND[action][0] + chosen + AROUND[action][1];
  } else {
    from = value.lastIndexOf('\n', start - 1) + 1;
    text = value.slice(from, end).split('\n').map((line, index) => BEFORE[action](index) + line).join('\n');
  }
  area.focus();
  area.setRangeText(text, from, end, 'end');
  if (AROUND[action] && !chosen) area.selectionStart = area.selectionEnd = from + AROUND[action][0].length;
  area.dispatchEvent(new Event('input', { bubbles: true }));
}

function prepare(bar) {
  const area = document.getElementById(bar.dataset.toolbar);
  const buttons = [...bar.querySelectorAll('button')];
  bar.hidden = false;
  bar.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) apply(area, button.dataset.format);
  });
  bar.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    buttons.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
    event.preventDefault();
  });
  area.addEventListener('keydown', (event) => {
    const action = { b: 'bold', i: 'italic', k: 'link' }[event.key];
    if (!action || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    apply(area, action);
    event.preventDefault();
  });
}

export function start() {
  document.querySelectorAll('[data-toolbar]').forEach(prepare);
}
