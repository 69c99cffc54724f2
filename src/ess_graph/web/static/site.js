// Small comforts; every page works without them.
const one = (selector) => document.querySelector(selector);
const store = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } },
};

// "/" goes to the search box; it can be turned off (WCAG 2.1.4).
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.composedPath()[0].closest?.("input, textarea, select, [contenteditable]")) return;
  const box = one("[data-search]");
  if (!box || store.get("slash") === "off") return;
  event.preventDefault();
  box.focus();
  box.select();
});

const slash = one("[data-slash]");
if (slash) {
  const show = () => { slash.textContent = store.get("slash") === "off" ? slash.dataset.on : slash.dataset.off; };
  slash.addEventListener("click", () => { store.set("slash", store.get("slash") === "off" ? "on" : "off"); show(); });
  slash.hidden = false;
  show();
}

// The query grows with its text; Ctrl or Cmd + Enter runs it.
const form = one("[data-query]");
if (form) {
  const area = form.querySelector("textarea");
  const grow = () => { area.rows = Math.min(30, Math.max(10, area.value.split("\n").length + 1)); };
  area.addEventListener("input", grow);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  grow();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

const print = one("[data-print]");
if (print) {
  print.addEventListener("click", () => window.print());
  print.hidden = false;
}

// Escape, or a click elsewhere, closes an opened passage.
const close = (except) => {
  for (const open of document.querySelectorAll("details.passage[open]")) if (open !== except) open.open = false;
};
document.addEventListener("click", (event) => close(event.target.closest("details.passage")));
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && one("details.passage[open]");
  if (open) { close(); open.querySelector("summary").focus(); }
});
