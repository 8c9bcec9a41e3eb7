// The source panel: a span in its paragraph or on its page, its neighbours, the way through the sources of an answer,
// and the preview of a citation. It shows only HTML that the server has cleaned, or plain text.
(() => {
  const { $, wide, call } = pincite;
  const AROUND = 3;
  const MORE = 12;
  // What the panel shows: the query of its span, how much around it, and the link by which it was opened.
  const shown = { source: "", before: AROUND, after: AROUND, opener: null };
  let view = localStorage.getItem("pc-view") || "text";
  let asked = 0;

  const queried = () => `/page/source?${shown.source}&before=${shown.before}&after=${shown.after}`;

  async function load(address) {
    const mine = ++asked;
    const { ok, text } = await call(address);
    if (mine !== asked) return false; // a later click has overtaken this one
    if (ok) $("pc-view").innerHTML = text;
    else $("pc-view").textContent = text;
    return true;
  }

  function show(which) {
    $("pc-shelf").hidden = which !== "shelf";
    $("pc-view").hidden = which !== "view";
    $("pc-panel").classList.toggle("pc-shelf-shown", which === "shelf");
  }

  function openShelf() {
    asked += 1;
    shown.source = "";
    isEarlier(false);
    show("shelf");
    light();
    layOut();
  }

  // What the reader opens has an entry of its own in the history, so that Back closes it.
  const entered = () => history.state !== null && "panel" in history.state;
  function enter(panel) {
    if (entered()) history.replaceState({ panel }, "");
    else history.pushState({ panel }, "");
  }

  async function openSource(opener, { focus = true } = {}) {
    shown.opener = opener;
    if (focus) enter(opener.dataset.source);
    await openAddress(opener.dataset.source, { focus });
  }

  // Shows what the entry of the history says, which the reader has come to by Back or Forward.
  function followPanel() {
    if (!entered()) leave();
    else if (history.state.panel) openAddress(history.state.panel);
    else openSheet();
  }

  // The list of documents, which on a phone slides over the page.
  function openSheet() {
    if (!$("pc-panel").contains(document.activeElement)) shown.opener = document.activeElement;
    openShelf();
    document.body.classList.toggle("pc-sheet-open", !wide.matches);
    if (!wide.matches && !entered()) enter("");
    $("pc-filter").focus({ preventScroll: true });
  }

  // What stands in the panel belongs to a question before the one that is being searched.
  const isEarlier = (is) => $("pc-panel").classList.toggle("pc-earlier", is);
  function forgetSource() {
    if (!wide.matches) {
      document.body.classList.remove("pc-sheet-open"); // it would cover the answer that comes
      return openShelf();
    }
    shown.opener = null;
    isEarlier(shown.source !== "");
    $("pc-place").textContent = shown.source && "From the answer before";
  }

  async function openAddress(source, { focus = true } = {}) {
    Object.assign(shown, { source, before: AROUND, after: AROUND });
    hideCard();
    if (!(await load(queried()))) return;
    isEarlier(false);
    show("view");
    document.body.classList.toggle("pc-sheet-open", !wide.matches);
    const mark = $("pc-view").querySelector("mark");
    if (mark) toMiddle($("pc-view"), mark);
    else $("pc-view").scrollTop = 0;
    if (focus) $("pc-view").querySelector(".pc-title")?.focus({ preventScroll: true });
    light();
    choose(view);
  }

  // Scrolls to `what`, a third below the top of its box, and on a phone below the head that stays there.
  function toMiddle(box, what) {
    const head = box.querySelector(".pc-source-head")?.offsetHeight || 0;
    const below = Math.max(box.clientHeight / 3, head + 16);
    box.scrollTop += what.getBoundingClientRect().top - box.getBoundingClientRect().top - below;
  }

  function isInSight(what, box) {
    const { top, bottom } = what.getBoundingClientRect(), around = box.getBoundingClientRect();
    return top >= around.top && bottom <= around.bottom;
  }

  async function showMore(which) {
    shown[which === "earlier" ? "before" : "after"] += MORE;
    const panel = $("pc-view");
    // What is being read stays where it is, though text arrives above it.
    const anchor = () => panel.querySelector("mark") || panel.querySelector(".pc-text > :last-child");
    const top = anchor().getBoundingClientRect().top;
    const scrolled = panel.scrollTop;
    const focused = panel.contains(document.activeElement);
    if (!(await load(queried()))) return;
    panel.scrollTop = scrolled;
    if (which === "earlier") panel.scrollTop += anchor().getBoundingClientRect().top - top;
    // The button that was pressed is a new one now, most often out of sight: then the text has the focus, which arrows read.
    const button = panel.querySelector(`[data-more="${which}"]`);
    if (focused) (button && isInSight(button, panel) ? button : panel).focus({ preventScroll: true });
  }

  // --- the page of a PDF, with the quote's rectangles on it

  // `kind` is "text", "page", or "large": the page twice as wide, to be read in columns.
  function choose(kind) {
    const picture = $("pc-view").querySelector("[data-picture]");
    const chosen = picture ? kind : "text";
    for (const button of $("pc-view").querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === chosen));
    }
    const drawn = picture && !picture.hidden && picture.querySelector(".pc-sheet");
    if (picture) {
      picture.hidden = chosen === "text";
      picture.classList.toggle("pc-large", chosen === "large");
      $("pc-view").querySelector(".pc-text").hidden = chosen !== "text";
      const turn = $("pc-view").querySelector(".pc-turn-page");
      if (turn) turn.hidden = chosen === "text";
    }
    layOut();
    if (drawn) toQuote(picture);
    else if (chosen !== "text") draw(picture);
  }

  // Scrolls to the quote on the page that is drawn, if it is there.
  function toQuote(picture) {
    const first = picture.querySelector(".pc-box");
    if (!first) return;
    toMiddle($("pc-view"), first);
    const pane = picture.querySelector(".pc-pane");
    // Its column in the middle; of one that is wider than the pane, the beginnings of its lines.
    const beside = Math.max((pane.clientWidth - first.offsetWidth) / 2, 12);
    pane.scrollLeft = first.offsetLeft - beside;
  }

  // A press on the page makes it large, or small again, around what was pressed.
  function magnify(sheet, event) {
    const place = () => sheet.getBoundingClientRect();
    const { left, top, width, height } = place();
    const [across, down] = [(event.clientX - left) / width, (event.clientY - top) / height];
    pincite.chooseView(view === "large" ? "page" : "large");
    const now = place();
    sheet.parentElement.scrollLeft += now.left + across * now.width - event.clientX;
    $("pc-view").scrollTop += now.top + down * now.height - event.clientY;
  }

  // A page needs more room than text.
  function layOut() {
    const picture = !$("pc-view").hidden && $("pc-view").querySelector("[data-picture]:not([hidden])");
    if ($("pc-desk").classList.contains("pc-page-shown") === Boolean(picture)) return;
    // The conversation gets narrower or wider, and what is read of it stays where it is.
    const log = $("pc-log");
    const edge = log.getBoundingClientRect().top;
    const read = [...log.querySelectorAll(".pc-turn")].find((turn) => turn.getBoundingClientRect().bottom > edge + 8);
    const top = read?.getBoundingClientRect().top;
    $("pc-desk").classList.toggle("pc-page-shown", Boolean(picture));
    if (read) log.scrollTop += read.getBoundingClientRect().top - top;
  }

  async function draw(place, page = 0) {
    const query = new URLSearchParams(place.dataset.picture);
    if (page) query.set("page", page);
    place.setAttribute("aria-busy", "true");
    if (!place.firstChild) place.textContent = "Drawing the page…";
    const { ok, text } = await call(`/page/places?${query}`);
    place.removeAttribute("aria-busy");
    if (!place.isConnected) return;
    if (!ok) {
      place.textContent = text;
      return;
    }
    const { ratio, boxes, pages, told } = JSON.parse(text);
    const number = Number(query.get("page"));
    const sheet = document.createElement("div");
    sheet.className = "pc-sheet";
    sheet.style.aspectRatio = ratio;
    const image = document.createElement("img");
    image.alt = `Page ${number} as it is printed${boxes.length ? ", with the quote marked" : ""}`;
    image.src = `/page/picture?${new URLSearchParams({ document: query.get("document"), page: number })}`;
    sheet.append(image);
    for (const [left, top, right, bottom] of boxes) {
      const box = document.createElement("span");
      box.className = "pc-box";
      const percent = (share) => `${(share * 100).toFixed(3)}%`;
      Object.assign(box.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
      sheet.append(box);
    }
    sheet.addEventListener("click", (event) => magnify(sheet, event));
    const pane = document.createElement("div");
    Object.assign(pane, { className: "pc-pane", tabIndex: 0 });
    pane.setAttribute("role", "group");
    pane.setAttribute("aria-label", `Page ${number}`);
    pane.append(sheet);
    place.replaceChildren(told, pane);
    offerPages(place, number, pages);
    if (page) $("pc-view").scrollTop = 0; // another page is read from its top
    toQuote(place);
  }

  // The way to the other pages, in the head, which stays in sight; the focus stays on it.
  function offerPages(place, number, pages) {
    const row = $("pc-view").querySelector(".pc-views");
    const old = row.querySelector(".pc-turn-page");
    const turn = document.createElement("span");
    turn.className = "pc-turn-page";
    for (const [step, name, sign] of [[-1, "Page before", "‹"], [1, "Next page", "›"]]) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: sign, disabled: number + step < 1 || number + step > pages });
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => draw(place, number + step));
      turn.append(button);
    }
    turn.firstChild.after(`Page ${number} of ${pages}`);
    const focused = old ? [...old.children].indexOf(document.activeElement) : -1;
    old?.remove();
    row.append(turn);
    if (focused < 0) return;
    const again = turn.children[focused];
    (again.disabled ? turn.children[1 - focused] : again).focus({ preventScroll: true });
  }

  // --- walking through the sources of an answer

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

  async function walk(step) {
    const rows = siblings();
    const at = shown.source ? rows.findIndex((row) => row.dataset.source === shown.source) : -1;
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    if (!next) return;
    await openSource(next, { focus: false });
    if (shown.source === next.dataset.source) toSight(next.closest(".pc-turn").querySelector(".pc-chip.pc-open") ?? next);
  }

  // Scrolls the conversation to a mark of the answer, unless it is in sight; on a phone, above what covers the lower part.
  function toSight(mark) {
    const log = $("pc-log").getBoundingClientRect();
    const covered = document.body.classList.contains("pc-sheet-open") ? $("pc-panel").offsetHeight : 0;
    const bottom = Math.min(log.bottom, innerHeight - covered);
    const { top: above, bottom: below } = mark.getBoundingClientRect();
    if (above < log.top || below > bottom) $("pc-log").scrollTop += above - log.top - (bottom - log.top) / 3;
  }

  // Closes what is open, and gives the focus that was in it back to where it was opened.
  function leave() {
    const { opener, source } = shown;
    const inside = $("pc-panel").contains(document.activeElement);
    document.body.classList.remove("pc-sheet-open");
    openShelf();
    if (!inside || (wide.matches && !source)) return;
    const stays = (from) => from?.isConnected && (wide.matches || !$("pc-panel").contains(from));
    const same = document.querySelector(`[data-source="${CSS.escape(source)}"]`);
    leaving = true; // a preview would only show again what was just closed
    ([opener, same].find(stays) ?? $("pc-scope")).focus();
    leaving = false;
  }

  function close() {
    leave();
    if (entered()) history.back();
  }

  // --- the preview of a citation

  let leaving = false;
  let card = null;
  let over = null;
  const previews = new Map();

  async function showCard(chip) {
    hideCard();
    if (leaving) return;
    const row = $(chip.getAttribute("href").slice(1))?.querySelector(".pc-row-text");
    if (!row || !wide.matches) return;
    over = chip;
    const mine = document.createElement("div");
    card = mine;
    card.className = "pc-card";
    card.id = "pc-card";
    card.setAttribute("role", "tooltip");
    card.append(row.cloneNode(true));
    document.body.append(card);
    chip.setAttribute("aria-describedby", "pc-card");
    place(chip);
    // The quote is there at once; its paragraph around it follows.
    const { source } = chip.dataset;
    if (!previews.has(source)) {
      const { ok, text } = await call(`/page/source?${source}&before=0&after=0`);
      if (!ok) return;
      const parsed = new DOMParser().parseFromString(text, "text/html");
      const isGone = parsed.querySelector(".pc-changed blockquote"); // then no paragraph is its own
      const parts = [...parsed.querySelectorAll(isGone ? ".pc-changed" : ".pc-changed, .pc-text > :is(p, h3)")];
      if (previews.size > 200) previews.clear();
      previews.set(source, parts);
    }
    if (card !== mine || !previews.get(source).length) return; // gone, or the pointer and the focus have asked twice
    const excerpt = document.createElement("div");
    excerpt.className = "pc-excerpt";
    excerpt.append(...previews.get(source).map((part) => document.importNode(part, true)));
    card.querySelector(".pc-quote").replaceWith(excerpt);
    const mark = excerpt.querySelector("mark");
    if (mark) toMiddle(excerpt, mark);
    place(chip);
  }

  function place(chip) {
    const at = chip.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const below = at.bottom + 8 + size.height < innerHeight;
    // Over the conversation only: the source beside it stays readable.
    const right = $("pc-talk").getBoundingClientRect().right - size.width - 16;
    card.style.left = `${Math.max(16, Math.min(at.left - 24, right))}px`;
    card.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - 8 - size.height)}px`;
  }

  function hideCard() {
    over?.removeAttribute("aria-describedby");
    card?.remove();
    card = over = null;
  }

  for (const [on, off] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(on, (event) => {
      const chip = event.target.closest?.(".pc-chip");
      if (chip) showCard(chip);
    });
    document.addEventListener(off, (event) => {
      if (event.target.closest?.(".pc-chip")) hideCard();
    });
  }

  Object.assign(pincite, {
    openSource, openAddress, openShelf, openSheet, followPanel, showMore, walk, close, hideCard,
    hasCard: () => card !== null,
    hasSource: () => shown.source !== "",
    forgetSource,
    forgetPreviews: () => previews.clear(),
    chooseView(kind) {
      view = kind;
      localStorage.setItem("pc-view", kind);
      choose(kind);
    },
  });
})();
