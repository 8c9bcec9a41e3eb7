// What the page does beyond Gradio: opening sources, previews of citations, keys, copying. It shows only
// HTML that the server has cleaned, or plain text; it asks nobody but the server.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const wide = matchMedia("(min-width: 56.01rem)");
  const AROUND = 3;
  const MORE = 12;
  // What the panel shows: the query of its span, how much around it, and the sources it can walk through.
  const shown = { source: "", before: AROUND, after: AROUND, opener: null };
  let card = null;
  let asked = 0;

  const say = (words) => {
    const line = $("pc-said");
    if (line) line.textContent = words;
  };

  // --- the source panel

  async function load(address) {
    const mine = ++asked;
    let html = "";
    let words = "";
    try {
      const reply = await fetch(address);
      if (reply.ok) html = await reply.text();
      else words = (await reply.json()).error;
    } catch {
      words = "Pincite does not answer: is it still running?";
    }
    if (mine !== asked) return false; // a later click has overtaken this one
    if (html) $("pc-view").innerHTML = html;
    else $("pc-view").textContent = words;
    return true;
  }

  async function openLibrary() {
    if (!(await load("/page/library"))) return;
    shown.source = "";
    $("pc-panel").classList.add("pc-library-shown");
    $("pc-view").scrollTop = 0;
    light();
  }

  async function openSource(opener, { focus = true } = {}) {
    const source = opener.dataset.source;
    Object.assign(shown, { source, before: AROUND, after: AROUND, opener });
    hideCard();
    if (!(await load(`/page/source?${source}&before=${AROUND}&after=${AROUND}`))) return;
    $("pc-panel").classList.remove("pc-library-shown");
    document.body.classList.toggle("pc-sheet-open", !wide.matches);
    const mark = $("pc-view").querySelector("mark");
    if (mark) {
      const view = $("pc-view");
      const above = mark.getBoundingClientRect().top - view.getBoundingClientRect().top;
      view.scrollTop += above - view.clientHeight / 3;
    } else {
      $("pc-view").scrollTop = 0;
    }
    if (focus) $("pc-view").querySelector(".pc-title")?.focus({ preventScroll: true });
    light();
  }

  async function showMore(which) {
    shown[which === "earlier" ? "before" : "after"] += MORE;
    const view = $("pc-view");
    // What is being read stays where it is, though text arrives above it.
    const anchor = () => view.querySelector("mark") || view.querySelector(".pc-text > :last-child");
    const top = anchor().getBoundingClientRect().top;
    const scrolled = view.scrollTop;
    if (!(await load(`/page/source?${shown.source}&before=${shown.before}&after=${shown.after}`))) return;
    view.scrollTop = scrolled;
    if (which === "earlier") view.scrollTop += anchor().getBoundingClientRect().top - top;
  }

  // The numbered sources of the turn that the shown source belongs to (else of the last turn), in order.
  function siblings() {
    const turn = shown.opener?.closest(".pc-turn") || [...document.querySelectorAll(".pc-turn")].pop();
    return turn ? [...turn.querySelectorAll(".pc-row")] : [];
  }

  // Marks what is open, in the answer and in the panel's bar.
  function light() {
    for (const old of document.querySelectorAll(".pc-open")) old.classList.remove("pc-open");
    const rows = siblings();
    const at = shown.source ? rows.findIndex((row) => row.dataset.source === shown.source) : -1;
    if (at >= 0) {
      for (const one of rows[0].closest(".pc-turn").querySelectorAll("[data-source]")) {
        if (one.dataset.source === shown.source) one.classList.add("pc-open");
      }
    }
    $("pc-place").textContent = at >= 0 ? `${rows[at].dataset.number ? "Source" : "Passage"} ${at + 1} of ${rows.length}` : "";
    $("pc-previous").disabled = at <= 0;
    $("pc-next").disabled = at < 0 || at >= rows.length - 1;
  }

  function walk(step) {
    const rows = siblings();
    const at = shown.source ? rows.findIndex((row) => row.dataset.source === shown.source) : -1;
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    if (next) openSource(next, { focus: false });
  }

  function closeSheet() {
    document.body.classList.remove("pc-sheet-open");
    if (shown.opener?.isConnected) shown.opener.focus();
  }

  // --- the preview of a citation

  function showCard(chip) {
    hideCard();
    const row = document.querySelector(`${chip.getAttribute("href")} .pc-row-text`);
    if (!row || !wide.matches) return;
    card = document.createElement("div");
    card.className = "pc-card";
    card.setAttribute("role", "tooltip");
    card.append(row.cloneNode(true));
    document.body.append(card);
    const at = chip.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const below = at.bottom + 8 + size.height < innerHeight;
    // Over the conversation only: the source beside it stays readable.
    const right = $("pc-talk").getBoundingClientRect().right - size.width - 16;
    card.style.left = `${Math.max(16, Math.min(at.left - 24, right))}px`;
    card.style.top = `${below ? at.bottom + 8 : at.top - 8 - size.height}px`;
  }

  function hideCard() {
    card?.remove();
    card = null;
  }

  // --- copying

  async function copy(button) {
    const words = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser did not allow it";
    }
    setTimeout(() => (button.textContent = words), 1500);
  }

  // --- events, all of them on the document, since Gradio makes and unmakes what is inside

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    const opener = at("[data-source]");
    if (opener) {
      event.preventDefault();
      openSource(opener);
    } else if (at("[data-copy]")) copy(at("[data-copy]"));
    else if (at("[data-more]")) showMore(at("[data-more]").dataset.more);
    else if (at("#pc-all")) openLibrary();
    else if (at("#pc-previous")) walk(-1);
    else if (at("#pc-next")) walk(1);
    else if (at("#pc-close")) closeSheet();
    else if (at("#pc-show-documents")) {
      openLibrary();
      document.body.classList.add("pc-sheet-open");
    }
  });
  for (const [on, off] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(on, (event) => {
      const chip = event.target.closest?.(".pc-chip");
      if (chip) showCard(chip);
    });
    document.addEventListener(off, (event) => {
      if (event.target.closest?.(".pc-chip")) hideCard();
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      const stop = document.querySelector("#pc-question .stop-button");
      if (card) hideCard();
      else if (stop) stop.click();
      else if (document.body.classList.contains("pc-sheet-open")) closeSheet();
      else if (shown.source) openLibrary();
      return;
    }
    if (event.target.closest?.("textarea, input, [contenteditable]")) return;
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector("#pc-question textarea")?.focus();
    } else if (event.key === "[") walk(-1);
    else if (event.key === "]") walk(1);
  });

  // --- following the conversation

  let current = "";
  let aligned = 0;

  // Brings the turn to the top of the conversation, unless the reader has scrolled since.
  function align(turn, begun) {
    const log = $("pc-log");
    if (!begun && Math.abs(log.scrollTop - aligned) > 2) return;
    log.scrollTop += turn.getBoundingClientRect().top - log.getBoundingClientRect().top;
    aligned = log.scrollTop;
  }

  function follow() {
    const turn = document.querySelector("#pc-now .pc-turn");
    if (!turn) return;
    const { id } = turn;
    const state = `${id} ${turn.dataset.state}`;
    const begun = current.split(" ")[0] !== id;
    if (turn.dataset.state === "busy" || state !== current) align(turn, begun);
    if (state === current) return;
    current = state;
    if (begun) {
      shown.opener = null;
      say("Searching your documents");
    }
    if (turn.dataset.state !== "done") return;
    const rows = turn.querySelectorAll(".pc-row[data-number]");
    const declined = turn.querySelector(".pc-declined");
    if (rows.length) say(`Answered, with ${rows.length} ${rows.length === 1 ? "source" : "sources"}`);
    else say(declined ? "Not in your documents" : "No answer");
    // Beside the answer stands its first source; on a narrow page it would cover the answer.
    if (rows.length && wide.matches) openSource(rows[0], { focus: false });
    else openLibrary();
  }

  new MutationObserver(() => {
    if (!$("pc-view") || !$("pc-now")) return;
    if (!$("pc-view").dataset.ready) {
      $("pc-view").dataset.ready = "yes";
      openLibrary();
      // On a phone the keyboard would cover the page.
      if (wide.matches) document.querySelector("#pc-question textarea")?.focus();
    }
    // Gradio draws these two as pictures without a name.
    for (const [kind, name] of [["submit", "Ask"], ["stop", "Stop"]]) {
      const button = document.querySelector(`#pc-question .${kind}-button:not([aria-label])`);
      button?.setAttribute("aria-label", name);
    }
    follow();
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state", "id"] });
})();
