// "3 minutes ago" grows older while the page stays open.
const STEPS = [['year', 31536000], ['month', 2592000], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

function words(instant, format) {
  const seconds = (instant - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return format.format(Math.round(seconds / size), unit);
}

export function start() {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'always' });
  setInterval(() => {
    for (const time of document.querySelectorAll('time[data-relative]')) time.textContent = words(new Date(time.dateTime), format);
  }, 60000);
}
