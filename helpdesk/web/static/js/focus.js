// After a refused form, the summary of what to correct is where reading starts. In a strip that scrolls sideways, the
// current place is brought into view.
export function start() {
  document.querySelector('[data-focus-me]')?.focus();
  for (const current of document.querySelectorAll('.rail-nav [aria-current], .tabs [aria-current]')) {
    const strip = current.closest('nav');
    const overflow = current.getBoundingClientRect().right - strip.getBoundingClientRect().right;
    if (overflow > 0) strip.scrollLeft += overflow + 24;
  }
}
