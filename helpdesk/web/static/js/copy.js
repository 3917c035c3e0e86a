// <button data-copy="#id" data-copied="Copied" hidden>: shown when the clipboard can be written.
async function copyFrom(button) {
  const source = document.querySelector(button.dataset.copy);
  const label = button.querySelector('span') ?? button;
  const before = label.textContent;
  await navigator.clipboard.writeText('value' in source ? source.value : source.textContent);
  label.textContent = button.dataset.copied;
  label.setAttribute('role', 'status');
  setTimeout(() => { label.textContent = before; label.removeAttribute('role'); }, 2500);
}

export function start() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', () => copyFrom(button));
  }
}
