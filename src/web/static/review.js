// A review by keys alone: a approve, e edit, s save, r reject, 1 to 7 reason, n note, k skip, u undo.
const task = document.querySelector("#task");
const edit = document.querySelector("#edit");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing =
    event.target instanceof HTMLElement && event.target.matches("input:not([type=radio]), textarea");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (press(event.key)) event.preventDefault();
});

/** Does what a key stands for; false for a key that stands for nothing. */
function press(key) {
  const button = document.querySelector(
    `button[data-key="${CSS.escape(key)}"], form[data-key="${CSS.escape(key)}"] button`,
  );
  if (button !== null) {
    button.click();
    return true;
  }
  if (task === null) return false;
  const reason = task.querySelectorAll('[name="reason"]')[Number(key) - 1];
  if (reason !== undefined) reason.checked = true;
  else if (key === "n") task.querySelector("#note").focus();
  else if (key === "e" && edit !== null) {
    edit.open = true;
    edit.querySelector("textarea")?.select();
  } else return false;
  return true;
}

// A second press while the answer is on its way would answer the next run unseen.
task?.addEventListener("submit", () => {
  setTimeout(() => {
    for (const button of task.querySelectorAll("button")) button.disabled = true;
  });
});
