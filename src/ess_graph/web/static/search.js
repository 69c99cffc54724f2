// Suggestions under a search box (ARIA combobox with a list); the form works without them.
const WAIT = 120;

const text = (parent, tag, name, content) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  // Names come from data: they are text, never markup.
  if (typeof content === "string") made.textContent = content;
  else for (const [piece, hit] of content) {
    if (hit) text(made, "mark", "", piece);
    else made.append(piece);
  }
  parent.append(made);
  return made;
};

const combobox = (form) => {
  const input = form.querySelector("[data-search]");
  const { suggest, label, count, none, all } = form.dataset;
  const list = text(form, "ul", "suggestions", "");
  const status = text(form, "p", "sr", "");
  let options = [];
  let active = -1;
  let timer = 0;
  let running = null;

  list.id = `${input.id}-suggestions`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label);
  status.setAttribute("aria-live", "polite");
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id],
    ["aria-expanded", "false"]]) input.setAttribute(name, value);

  const mark = (at) => {
    active = at;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    }
  };

  const close = () => {
    clearTimeout(timer);
    running?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };

  const show = (answer) => {
    list.replaceChildren();
    options = answer.suggestions.map((found, at) => {
      const option = text(list, "li", "", "");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.dataset.url = found.url;
      text(option, "span", "name", found.name);
      text(option, "span", "kind", found.kind);
      for (const why of found.why) text(option, "span", "why", [...(why.what ? [[`${why.what} – `, false]] : []), ...why.text]);
      return option;
    });
    if (options.length) {
      const more = text(list, "li", "all", all);
      more.id = `${list.id}-all`;
      more.setAttribute("role", "option");
      more.dataset.url = answer.all;
      options.push(more);
    }
    status.textContent = options.length ? `${options.length - 1} ${count}` : none;
    list.hidden = !options.length;
    input.setAttribute("aria-expanded", String(options.length > 0));
    mark(-1);
  };

  const ask = async () => {
    const asked = input.value.trim();
    running?.abort();
    if (asked.length < 2) { close(); return; }
    running = new AbortController();
    try {
      const address = `${suggest}${suggest.includes("?") ? "&" : "?"}q=${encodeURIComponent(asked)}`;
      const reply = await fetch(address, { signal: running.signal });
      if (reply.ok && document.activeElement === input) show(await reply.json());
    } catch { /* another letter came, or the network went: the form is still there */ }
  };

  const go = (option) => { location.assign(option.dataset.url); };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  input.addEventListener("blur", close);
  // The box would lose the focus, and the list close, before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); return; }
    if (event.key === "Enter" && active >= 0) { event.preventDefault(); go(options[active]); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    if (list.hidden) { if (step > 0) ask(); return; }
    event.preventDefault();
    // Before the first and after the last lies the text that was typed.
    const places = options.length + 1;
    mark((active + 1 + step + places) % places - 1);
  });
};

for (const form of document.querySelectorAll("form[data-suggest]")) combobox(form);
