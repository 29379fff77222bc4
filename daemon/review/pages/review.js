// Enter leads to the next number instead of saving the screen, and what was changed is marked. Without this the page
// works as well.
const form = document.getElementById("numbers");
if (form) {
  const texts = [...form.querySelectorAll("input.text")];
  for (const text of texts) {
    text.addEventListener("focus", () => text.select());
    text.addEventListener("input", () => text.closest(".card").classList.toggle("changed", text.value !== text.defaultValue));
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const next = texts[texts.indexOf(text) + (event.shiftKey ? -1 : 1)];
      (next ?? form.querySelector("button.save")).focus();
    });
  }
  if (texts.length) texts[0].focus();
}
