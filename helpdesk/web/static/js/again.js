// A page that shows how far some work is looks again by itself; without this there is a link.
export function start() {
  const seconds = Number(document.querySelector('[data-look-again]')?.dataset.lookAgain);
  if (!seconds) return;
  setInterval(() => { if (!document.hidden) location.reload(); }, 1000 * seconds);
}
