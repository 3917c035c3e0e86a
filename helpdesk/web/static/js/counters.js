// "212 characters left", said to screen readers only when typing pauses.
function follow(line) {
  const field = document.getElementById(line.dataset.counter);
  const limit = Number(line.dataset.limit);
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let timer = 0;

  function show() {
    const left = limit - [...field.value].length;
    const words = left < 0 ? line.dataset.over : line.dataset.left;
    line.textContent = words.replace('{n}', number.format(Math.abs(left)));
    line.classList.toggle('is-over', left < 0);
    clearTimeout(timer);
    line.setAttribute('aria-live', 'off');
    timer = setTimeout(() => line.setAttribute('aria-live', 'polite'), 900);
  }

  field.addEventListener('input', show);
  show();
}

export function start() {
  document.querySelectorAll('[data-counter]').forEach(follow);
}
