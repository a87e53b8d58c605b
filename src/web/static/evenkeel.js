// Keys, the filter and the theme switch. Every page works without it.
const root = document.documentElement;

document.querySelector("[data-theme-toggle]")?.addEventListener("click", () => {
  const dark = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = dark === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
  document.dispatchEvent(new Event("themechange"));
});

for (const input of document.querySelectorAll("[data-filter]")) {
  const rows = document.querySelectorAll(`#${input.dataset.filter} tbody tr`);
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

// A link to a folded part opens it.
function unfold() {
  const part = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  if (part instanceof HTMLDetailsElement) part.open = true;
}
unfold();
addEventListener("hashchange", unfold);

const places = { o: "/", i: "/incidents", r: "/runs", v: "/review" };
let prefix = "";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key;
  if (prefix === "g" && key in places) location.assign(places[key]);
  else if (key === "?") document.querySelector("#keys")?.showModal();
  else if (key === "/") focusSearch(event);
  else if (key === "j") step(1);
  else if (key === "k" && document.querySelector("#task") === null) step(-1);
  prefix = key === "g" ? "g" : "";
});

function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=radio]), textarea, select");
}

function focusSearch(event) {
  event.preventDefault();
  const field = document.querySelector("[type=search]");
  if (field === null) location.assign("/runs#search");
  else field.focus();
}

function step(by) {
  const links = [...document.querySelectorAll("tr[data-row]:not([hidden]) th a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}
