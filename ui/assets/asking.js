// Asking: which conversation the page shows, what is asked and where the answer comes. What the other scripts and
// Gradio's events use of it is in `pincite`.
window.pincite = (() => {
  const $ = (id) => document.getElementById(id);
  const wide = matchMedia("(min-width: 56.01rem)");
  // The conversation on the page, the documents it asks, and the question that a script wants to be asked.
  const state = { conversation: "", scope: { documents: [], tags: [] }, wanted: null, begun: 0 };

  // Said to those who do not see the page, and to all, above the question.
  const say = (words) => {
    const line = $("pc-said");
    if (line) line.textContent = words;
  };
  const tell = (words) => ($("pc-told").textContent = words);
  const AWAY = "Pincite does not answer: is it still running?";
  // The session has ended; the page comes back after the login, with what stands in the box.
  const logIn = () => location.assign(`/login?${new URLSearchParams({ next: location.pathname + location.search })}`);

  // What the server says to a request: {ok, text}; a failure is its sentence.
  async function call(address, method = "GET", body = undefined) {
    const json = body !== undefined && !(body instanceof Blob);
    const headers = json ? { "content-type": "application/json" } : {};
    try {
      const reply = await fetch(address, { method, headers, body: json ? JSON.stringify(body) : body });
      const text = await reply.text();
      if (reply.ok) return { ok: true, text };
      if (reply.status === 401) logIn();
      try {
        return { ok: false, text: JSON.parse(text).error };
      } catch {
        return { ok: false, text: `The server answered ${reply.status}.` };
      }
    } catch {
      return { ok: false, text: AWAY };
    }
  }

  // --- what Gradio's events ask for

  const busy = () => document.querySelector('#pc-now .pc-turn[data-state="busy"]');
  const wish = (more) => JSON.stringify({ conversation: state.conversation, scope: state.scope, ...more });

  // Whether a question may be asked now; two at once would not know which comes first.
  function free() {
    if (busy()) tell("The answer above comes first: wait for it, or stop it.");
    if (busy() || Date.now() - state.begun < 1000) return false;
    state.begun = Date.now();
    return true;
  }

  // What is too much of a question, in words; none if it may be asked. Characters are counted as the server does.
  function tooLong(text) {
    const most = Number($("pc-told").dataset.mostChars);
    const chars = text.length > most ? [...text.trim()].length : 0;
    const told = (n) => n.toLocaleString("en");
    return chars > most ? `A question may have ${told(most)} characters, this one has ${told(chars)}. Shorten it to ask.` : "";
  }

  // Gradio loses what it is told while it closes the stream of the event before: events keep a distance.
  const APART = 250;
  let next = 0;
  async function apart() {
    const wait = Math.max(next - Date.now(), 0);
    next = Date.now() + wait + APART;
    if (wait) await new Promise((done) => setTimeout(done, wait));
  }

  let sent = "";
  let pressed = ""; // a question of the page's own, until the server has taken it
  async function typed(text) {
    if (!text.trim()) tell("Type a question to ask.");
    if (!text.trim() || tooLong(text) || !free()) return ["", "{}"];
    sent = text;
    pressed = "";
    await apart();
    return [text, wish({ typed: true })];
  }

  async function wanted() {
    const { question, ...more } = state.wanted || {};
    state.wanted = null;
    if (!question || !free()) return ["", "{}"];
    pressed = more.instead_of ? "" : question; // what is asked anew stands there already
    await apart();
    return [question, wish(more)];
  }

  function inHand() {
    const turn = busy();
    if (!turn) return "{}";
    const { conversation, number, question } = turn.dataset;
    return JSON.stringify({ conversation, number: Number(number), question });
  }

  const address = () => JSON.stringify({ conversation: named() });

  // --- what the scripts do

  function ask(question, more = {}) {
    state.wanted = { question, ...more };
    $("pc-ask").click();
  }

  function open(query) {
    if (location.search.slice(1) !== query) history.pushState(null, "", query ? `/?${query}` : "/");
    reopen();
  }

  // Shows what the address names. What is being answered goes on without the page.
  const named = () => new URLSearchParams(location.search).get("c") || "";
  let opened = null;
  function reopen() {
    state.begun = 0;
    keepDraft();
    opened = named();
    putDraft();
    $("pc-open")?.click();
  }

  // What stands in the box and was not asked yet belongs to its conversation, as long as the tab is open.
  const drafts = new Map(JSON.parse(sessionStorage.getItem("pc-drafts") || "[]"));
  const box = () => document.querySelector("#pc-question textarea");
  const keepDraft = () => drafts.set(opened ?? "", !box() || box().value === sent ? "" : box().value);
  function putInBox(words) {
    box().value = words;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }
  const putDraft = () => putInBox(drafts.get(opened) ?? "");
  window.addEventListener("pagehide", () => {
    keepDraft();
    sessionStorage.setItem("pc-drafts", JSON.stringify([...drafts].filter(([, words]) => words)));
  });

  // A question was not taken. If Gradio has lost the server, it takes no other one either, and loads the page again once
  // the server is back.
  function failed(isAway) {
    sent = ""; // what stands in the box was not asked
    state.begun = 0;
    if (pressed && box() && !box().value.trim()) putInBox(pressed);
    pressed = "";
    if (!isAway) {
      call("/api/health"); // which leads to the login, if that is why
      return tell("Pincite could not take the question: ask again.");
    }
    document.body.classList.add("pc-away");
    tell(`${AWAY} The page goes on by itself when it does${box()?.value.trim() ? ", and your question is kept" : ""}.`);
    const turn = busy();
    if (!turn) return;
    turn.dataset.state = "done";
    const waiting = turn.querySelector(".pc-busy");
    if (waiting) waiting.textContent = "Interrupted.";
  }

  // An address may name a turn, one of its sources, a document, or a question; it is followed once it is all there.
  let arriving = false;
  function followAddress() {
    const query = new URLSearchParams(location.search);
    const [number, source] = [query.get("t"), query.get("n")];
    const turn = number && $(`t${number}`);
    if (!arriving || (state.conversation && !document.querySelector("#pc-now .pc-turn"))) return;
    arriving = false;
    if (turn) turn.scrollIntoView();
    else if (number && state.conversation) tell(`There is no question ${number} in this conversation any more.`);
    const cited = turn && source && $(`t${number}-s${source}`);
    if (turn && source && !cited) tell(`There is no source ${source} to this answer any more.`);
    if (cited) pincite.openSource(cited.querySelector("[data-source]"), { focus: false });
    if (query.get("document")) {
      const span = new URLSearchParams({ document: query.get("document") });
      for (const end of ["start", "end"]) span.set(end, query.get(end) || "0");
      pincite.openAddress(span.toString());
    }
    if (query.get("q")) {
      history.replaceState(null, "", "/");
      ask(query.get("q"));
    }
  }

  const entitle = (title) => (document.title = title ? `${title} · Pincite` : "Pincite");

  // The mark that comes with the turns says which conversation they are. (Gradio changes what is on the page in place.)
  let marked = null;
  function followMark() {
    const mark = document.querySelector("#pc-past .pc-kept");
    if (!mark || !box() || mark.dataset.conversation === marked) return;
    marked = mark.dataset.conversation;
    state.conversation = marked;
    $("pc-export").hidden = !marked;
    entitle(mark.dataset.title);
    if (opened === null) {
      opened = marked;
      if (drafts.has(marked) && !box().value) putDraft();
      // Not before: Gradio draws the box anew at first. On a phone the keyboard would cover the page.
      if (wide.matches && document.activeElement === document.body) box().focus();
    }
    if (state.begun) opened = marked;
    if (state.begun) history.pushState(null, "", `/?c=${marked}`);
    else {
      state.scope = JSON.parse(mark.dataset.scope);
      pincite.openShelf(); // the source that stood there belongs to another conversation
    }
    pincite.nameExports(marked);
    // The lists are the same until the answer is there; what is asked of the server meanwhile would only hold it up.
    if (state.begun) setTimeout(() => busy() && pincite.loadConversations(), 1000);
    else pincite.conversationChanged();
    arriving = !state.begun;
  }

  // --- following the answer

  let current = "";
  let aligned = 0;

  // Brings the turn to the top of the conversation, unless the reader has scrolled since.
  function align(turn, begun) {
    const log = $("pc-log");
    if (!begun && Math.abs(log.scrollTop - aligned) > 2) return;
    log.scrollTop += turn.getBoundingClientRect().top - log.getBoundingClientRect().top;
    aligned = log.scrollTop;
  }

  async function suggest(turn) {
    const { conversation, number } = turn.dataset;
    if (!conversation || !turn.querySelector("[data-rating]")) return;
    const { ok, text } = await call(`/page/suggestions?c=${conversation}&t=${number}`);
    // Meanwhile a new question may have been asked, for whose turn Gradio takes the same element.
    const stays = turn.isConnected && turn.dataset.number === number && turn.dataset.conversation === conversation;
    if (!ok || !text || !stays || turn.dataset.state === "busy") return;
    const place = document.createElement("div");
    place.className = "pc-next";
    place.innerHTML = text;
    turn.append(place);
  }

  function followTurn() {
    const turn = document.querySelector("#pc-now .pc-turn");
    if (!turn) {
      current = "";
      return;
    }
    const id = `${turn.dataset.conversation}/${turn.dataset.number}`;
    const key = `${id} ${turn.dataset.state}`;
    const begun = current.split(" ")[0] !== id;
    const isBusy = turn.dataset.state === "busy";
    const asked = isBusy || current === `${id} busy` || turn.dataset.number === "0";
    if (isBusy || key !== current) align(turn, begun);
    if (key === current) return;
    current = key;
    if (begun && isBusy) {
      pressed = "";
      pincite.forgetSource();
      tell("");
      say("Searching your documents");
    }
    if (isBusy) return;
    state.begun = 0;
    if (asked) tell(tooLong(box().value)); // not that it is waited for
    suggest(turn);
    if (!asked) return; // an old conversation that was opened
    const rows = turn.querySelectorAll(".pc-row[data-number]");
    const declined = turn.querySelector(".pc-declined");
    if (rows.length) say(`Answered, with ${rows.length} ${rows.length === 1 ? "source" : "sources"}`);
    else say(declined ? declined.querySelector("strong").textContent : turn.querySelector(".pc-answer")?.textContent || "No answer");
    // Beside the answer stands its first source; on a narrow page it would cover the answer.
    if (rows.length && wide.matches) pincite.openSource(rows[0], { focus: false });
    else pincite.openShelf();
    pincite.conversationChanged();
  }

  function follow() {
    followMark();
    followTurn();
    followAddress();
  }

  // --- what can be done with a turn

  // What goes where a turn is asked anew, in words: the rating of its answer and the turns after it; often nothing.
  function goes(turn) {
    const later = [...document.querySelectorAll(".pc-turn")].filter((t) => Number(t.dataset.number) > Number(turn.dataset.number));
    const gone = [];
    if (turn.querySelector("[data-rating][aria-pressed=true]")) gone.push("its rating");
    if (noteOf(turn)) gone.push("its note");
    if (later.length) gone.push(later.length === 1 ? "1 later question" : `${later.length} later questions`);
    if (!gone.length) return "";
    const verb = gone.length === 1 && later.length < 2 ? "goes" : "go";
    const words = `${new Intl.ListFormat("en").format(gone)} ${verb}`;
    return words[0].toUpperCase() + words.slice(1);
  }

  // Without `text` the question itself is edited, else what was searched for, which leaves the question as it is.
  function edit(turn, text = "") {
    turn.querySelector(".pc-editor")?.remove();
    const editor = document.createElement("form");
    editor.className = "pc-editor";
    const { question } = turn.dataset;
    const instead_of = Number(turn.dataset.number);
    editor.innerHTML = `<textarea aria-label="${text ? "Search for" : "Question"}" rows="2"></textarea>
      <p><button type="submit">Ask</button><button type="button" data-act="cancel">Cancel</button></p>`;
    const box = editor.querySelector("textarea");
    box.value = text || question;
    editor.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = editor.querySelector("[type=submit]");
      const words = box.value.trim();
      if (!words || tooLong(words) || (goes(turn) && !pincite.confirmed(button, `Really ask? ${goes(turn)}.`))) return;
      if (text) ask(question, { instead_of, search_for: words });
      else ask(words, { instead_of });
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        editor.requestSubmit();
      }
    });
    turn.querySelector(".pc-question").after(editor);
    box.focus();
  }

  // --- what the reader thinks of an answer: a rating, and a note that stands under it

  const noteOf = (turn) => turn.querySelector("p.pc-note span")?.textContent || "";

  async function keepRating(turn, rating, note) {
    const { conversation, number } = turn.dataset;
    const { ok, text } = await call("/page/rating", "POST", { conversation, number: Number(number), rating, note });
    tell(ok ? "" : text);
    return ok;
  }

  // A rating that is pressed again is taken back, with its note.
  async function rate(turn, button) {
    const rating = button.getAttribute("aria-pressed") === "true" ? 0 : Number(button.dataset.rating);
    const note = rating ? noteOf(turn) : "";
    if (!(await keepRating(turn, rating, note))) return;
    pincite.loadConversations();
    for (const one of turn.querySelectorAll("[data-rating]")) {
      one.setAttribute("aria-pressed", String(Number(one.dataset.rating) === rating));
    }
    for (const old of turn.querySelectorAll(".pc-note")) old.remove();
    if (!rating) return;
    showNote(turn, note);
    editNote(turn);
  }

  // The note as the server writes it.
  function showNote(turn, words) {
    const line = document.createElement("p");
    line.className = "pc-note";
    line.innerHTML = `<span></span> <button type="button" class="pc-link" data-act="note">${words ? "Edit note" : "Add a note"}</button>`;
    line.firstChild.textContent = words;
    const old = turn.querySelector(".pc-note");
    if (old) old.replaceWith(line);
    else turn.querySelector(".pc-acts").after(line);
    return line.querySelector("button");
  }

  function editNote(turn) {
    const was = noteOf(turn);
    const form = document.createElement("form");
    form.className = "pc-note";
    form.innerHTML = `<input maxlength="2000" placeholder="Why? (optional)" aria-label="Note">
      <button type="submit">Keep note</button><button type="reset">Cancel</button>`;
    const box = form.querySelector("input");
    box.value = was;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const rating = Number(turn.querySelector("[data-rating][aria-pressed=true]").dataset.rating);
      const words = box.value.trim();
      if (!(await keepRating(turn, rating, words))) return; // what was typed stays
      showNote(turn, words).focus();
      say("Kept");
    });
    form.addEventListener("reset", () => showNote(turn, was).focus());
    turn.querySelector(".pc-note").replaceWith(form);
    form.scrollIntoView({ block: "nearest" });
    box.focus({ preventScroll: true });
  }

  function act(button) {
    const turn = button.closest(".pc-turn");
    const { conversation, number, question, searchFor } = turn.dataset;
    const again = { instead_of: Number(number), search_for: searchFor };
    switch (button.dataset.act) {
      case "edit": return edit(turn, button.dataset.text);
      case "cancel": return button.closest(".pc-editor").remove();
      case "again":
        if (goes(turn) && !pincite.confirmed(button, `Really ask again? ${goes(turn)}.`)) return;
        return ask(question, again);
      case "all":
        if (goes(turn) && !pincite.confirmed(button, `Really ask again? ${goes(turn)}.`)) return;
        pincite.askAll();
        return ask(question, again);
      case "link": return pincite.copy(button, `${location.origin}/?c=${conversation}&t=${number}`);
      case "rate": return rate(turn, button);
      case "note": return editNote(turn);
    }
  }

  document.addEventListener("input", (event) => {
    const isAway = document.body.classList.contains("pc-away");
    if (event.target.closest("#pc-question, .pc-editor") && !isAway) tell(tooLong(event.target.value));
  });
  window.addEventListener("popstate", () => (named() === opened ? pincite.followPanel() : reopen()));

  return { $, wide, state, say, call, typed, wanted, inHand, address, apart, failed, ask, open, act, entitle, follow };
})();
