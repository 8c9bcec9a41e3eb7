// Keys and clicks, all of them listened to on the document, since Gradio makes and unmakes what is inside.
import "./asking.js";
import "./source.js";
import "./lists.js";

(() => {
  const { $, wide } = pincite;

  async function copy(button, text) {
    const words = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser did not allow it";
    }
    setTimeout(() => (button.textContent = words), 1500);
  }
  pincite.copy = copy;

  // The conversations stand beside the talk where there is room, and over it where there is none.
  const roomy = matchMedia("(min-width: 75.01rem)");
  function showSide(open) {
    document.body.classList.toggle("pc-side-open", open);
    $("pc-show-side").setAttribute("aria-expanded", String(open));
    if (roomy.matches) localStorage.setItem("pc-side", open ? "open" : "closed");
    if (open && !roomy.matches) $("pc-find").focus();
  }
  const sideIsOpen = () => document.body.classList.contains("pc-side-open");

  const BUTTONS = {
    "pc-all": () => (wide.matches ? pincite.close() : pincite.openSheet()),
    "pc-previous": () => pincite.walk(-1),
    "pc-next": () => pincite.walk(1),
    "pc-close": () => pincite.close(),
    "pc-scope": () => pincite.openSheet(),
    "pc-scope-all": () => pincite.askAll(),
    "pc-show-documents": () => pincite.openSheet(),
    "pc-show-side": () => showSide(!sideIsOpen()),
    "pc-new": () => {
      pincite.open("");
      if (!roomy.matches) showSide(false);
      document.querySelector("#pc-question textarea")?.focus();
    },
  };

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    for (const menu of document.querySelectorAll(".pc-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const button = at("button");
    const link = at("a.pc-conversation");
    if (at("[data-source]")) {
      event.preventDefault();
      pincite.openSource(at("[data-source]"));
    } else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      pincite.open(new URL(link.href).search.slice(1));
      if (!roomy.matches) showSide(false);
    } else if (at("a[data-export]")) $("pc-export").open = false;
    else if (!button) return;
    else if (BUTTONS[button.id]) BUTTONS[button.id]();
    else if (button.dataset.ask) pincite.ask(button.dataset.ask, { search_for: button.dataset.ask }); // it stands for itself
    else if (button.dataset.copy) copy(button, button.dataset.copy);
    else if (button.dataset.copyLink) copy(button, `${location.origin}/?${button.dataset.copyLink}`);
    else if (button.dataset.more) pincite.showMore(button.dataset.more);
    else if (button.dataset.view) pincite.chooseView(button.dataset.view);
    else if (button.dataset.tag) pincite.toggleTag(button.dataset.tag);
    else if (button.dataset.act) {
      const row = at("li[data-document], li[data-conversation]");
      if (at(".pc-turn")) pincite.act(button);
      else if (button.dataset.act === "articles") pincite.removeArticles(button);
      else if (at("#pc-jobs")) pincite.changeJob(button);
      else if (row?.dataset.document !== undefined) pincite.changeDocument(row, button);
      else if (row) pincite.changeConversation(row, button);
    }
  });

  document.addEventListener("keydown", (event) => {
    // Where "[" is typed with AltGr or Option, these are part of the key.
    const isBracket = "[]".includes(event.key) && event.ctrlKey === event.getModifierState("AltGraph");
    if (event.metaKey || event.isComposing || ((event.ctrlKey || event.altKey) && !isBracket)) return;
    if (event.key === "Escape") {
      const stop = document.querySelector("#pc-question .stop-button");
      const menu = document.querySelector(".pc-menu[open]");
      const editor = event.target.closest?.(".pc-editor");
      const note = event.target.closest?.("form.pc-note");
      if (pincite.hasCard()) pincite.hideCard();
      else if (editor) editor.remove();
      else if (note) note.reset();
      else if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      } else if (stop) stop.click();
      else if (sideIsOpen() && !roomy.matches) {
        showSide(false);
        $("pc-show-side").focus();
      } else if (document.body.classList.contains("pc-sheet-open") || pincite.hasSource()) pincite.close();
      else if (event.target.closest?.("#pc-question")) event.target.blur(); // so that the other keys work
      return;
    }
    if (event.target.closest?.("textarea, input, [contenteditable]")) return;
    if (event.key === "/") document.querySelector("#pc-question textarea")?.focus();
    else if (event.key === "[") pincite.walk(-1);
    else if (event.key === "]") pincite.walk(1);
    else return;
    event.preventDefault();
  });

  let toast = "";
  function settle() {
    if (!$("pc-view") || !$("pc-now") || !$("pc-find") || !$("pc-scope")) return;
    if (!$("pc-view").dataset.ready) {
      $("pc-view").dataset.ready = "yes";
      showSide(roomy.matches && localStorage.getItem("pc-side") !== "closed");
      pincite.openShelf();
      pincite.loadDocuments();
      pincite.loadJobs();
    }
    // Gradio draws these two as pictures without a name.
    for (const [kind, name] of [["submit", "Ask"], ["stop", "Stop"]]) {
      const button = document.querySelector(`#pc-question .${kind}-button:not([aria-label])`);
      button?.setAttribute("aria-label", name);
    }
    // What Gradio says in its own words is hidden, and said in Pincite's.
    const words = document.querySelector(".toast-body.error")?.textContent || "";
    const isAway = words.includes("Connection");
    if (words.length > toast.length || (isAway && !toast.includes("Connection"))) pincite.failed(isAway);
    toast = words;
    pincite.offer();
    pincite.follow();
  }
  settle();
  new MutationObserver(settle).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state", "data-conversation", "id"] });
})();
