// The only place where text becomes markup: fragments that this server rendered and sanitised.
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy('relais-fragments', { createHTML: (html) => html })
  : { createHTML: (html) => html };

export function fill(element, serverHtml) {
  element.innerHTML = policy.createHTML(serverHtml);
}

export function formData(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string'));
}
