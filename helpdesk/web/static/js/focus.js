// After a refused form, the summary of what to correct is where reading starts.
export function start() {
  document.querySelector('[data-focus-me]')?.focus();
}
