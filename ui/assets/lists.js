// The lists beside the conversation: documents and which of them are asked, files on their way, kept conversations.
(() => {
  const { $, state, call, say } = pincite;
  const POLL_MS = 600;
  const FOLLOW_MS = 4000;

  // Draws a list anew: a row's open menu stays open, what was focused in a row stays focused, and a line that is
  // being edited is waited for.
  const drawn = new WeakMap();
  function draw(place, { ok, text }) {
    if (drawn.get(place) === text || place.querySelector(".pc-line")) return;
    drawn.set(place, text);
    const key = (row) => row?.dataset.conversation ?? row?.dataset.document;
    const inside = (row) => [...row.querySelectorAll("a, button, input, summary")];
    const open = key(place.querySelector(".pc-menu[open]")?.closest("li"));
    const row = place.contains(document.activeElement) && document.activeElement.closest("li");
    const focused = row && [key(row), inside(row).indexOf(document.activeElement)];
    if (ok) place.innerHTML = text;
    else place.textContent = text;
    for (const again of place.querySelectorAll("li")) {
      if (open !== undefined && key(again) === open) again.querySelector(".pc-menu").open = true;
      if (focused && key(again) === focused[0]) inside(again)[focused[1]]?.focus({ preventScroll: true });
    }
  }

  // --- documents, and the scope

  async function loadDocuments() {
    const found = await call("/page/documents");
    if (found.ok && found.text !== drawn.get($("pc-documents"))) outdated = true;
    draw($("pc-documents"), found);
    offer();
    pincite.forgetPreviews();
    filter();
    showScope();
  }

  // The questions to begin with, as HTML, asked for again where the documents have changed since; while files are on
  // their way they change again soon.
  let offered = "";
  let outdated = true;
  let offering = false;
  async function offer() {
    const busy = Number(document.querySelector("#pc-jobs [data-busy]")?.dataset.busy || 0);
    if (!$("pc-examples") || offering) return;
    if (outdated && !busy) {
      [outdated, offering] = [false, true];
      const { ok, text } = await call("/page/examples");
      offering = false;
      if (ok) offered = text;
    }
    const place = $("pc-examples"); // Gradio makes it anew with each conversation
    if (!place || drawn.get(place) === offered) return;
    drawn.set(place, offered);
    place.innerHTML = offered;
  }

  async function showScope() {
    const { documents, tags } = state.scope;
    for (const row of document.querySelectorAll("#pc-documents li")) {
      row.querySelector(".pc-pick").checked = documents.includes(row.dataset.document);
    }
    for (const tag of document.querySelectorAll(".pc-tag")) {
      tag.setAttribute("aria-pressed", String(tags.includes(tag.dataset.tag)));
    }
    const { ok, text } = await call("/page/scope", "POST", state.scope);
    if (ok) $("pc-scope").textContent = JSON.parse(text).told;
    $("pc-scope-all").hidden = !documents.length && !tags.length;
  }

  function toggle(list, value) {
    const at = list.indexOf(value);
    if (at >= 0) list.splice(at, 1);
    else list.push(value);
    showScope();
  }

  function filter() {
    const words = $("pc-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...document.querySelectorAll("#pc-documents li")];
    for (const row of rows) {
      const text = row.querySelector(".pc-doc").textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    $("pc-none").hidden = !rows.length || rows.some((row) => !row.hidden);
  }

  async function changeDocument(row, button) {
    const name = row.dataset.document;
    const { act } = button.dataset;
    if (act === "link") return pincite.copy(button, `${location.origin}/?${new URLSearchParams({ document: name })}`);
    if (act === "tags") return editLine(row, "Tags, separated by commas", button.dataset.tags, (line) => {
      if (line !== button.dataset.tags) send(name, "tags", line.split(",")); // a tag may hold a comma itself
    });
    if (act === "remove" && !confirmed(button)) return;
    row.querySelector(".pc-menu").open = false;
    send(name, act, []);
  }

  async function removeArticles(button) {
    if (!confirmed(button)) return;
    await call("/page/articles", "DELETE");
    $("pc-documents").focus({ preventScroll: true }); // the button goes
    await loadJobs();
    loadDocuments(); // the job may have ended before it was first seen
  }

  async function send(document, act, tags) {
    const { ok, text } = await call(`/page/documents/${act}`, "POST", { document, tags });
    if (!ok) refuse(document, text);
    await loadJobs();
    loadDocuments(); // the job may have ended before it was first seen
  }

  // --- files on their way in

  // What was refused before it became a job: [name, sentence].
  let refused = [];
  let polling = 0;
  // The last job that had ended when the page came: what is older is of no interest any more.
  let ended = null;

  function refuse(name, sentence) {
    refused.push([name, sentence]);
    say(sentence);
  }

  async function loadJobs() {
    clearTimeout(polling);
    const { ok, text } = await call(`/page/uploads?after=${ended ?? Number.MAX_SAFE_INTEGER}`);
    if (!ok) {
      polling = setTimeout(loadJobs, 4 * POLL_MS);
      return;
    }
    const place = $("pc-jobs");
    const was = Number(place.querySelector("[data-busy]")?.dataset.busy || 0);
    const focused = place.contains(document.activeElement);
    const scrolled = place.querySelector(".pc-jobs")?.scrollTop;
    place.innerHTML = text;
    const list = place.querySelector(".pc-jobs");
    if (list && scrolled) list.scrollTop = scrolled;
    ended ??= Number(place.firstChild.dataset.last);
    for (const [name, sentence] of refused) {
      const line = document.createElement("p");
      line.className = "pc-refused";
      line.textContent = sentence.includes(name) ? sentence : `${name}: ${sentence}`;
      place.prepend(line);
    }
    if (focused) (list ?? $("pc-documents")).focus({ preventScroll: true });
    const busy = Number(place.querySelector("[data-busy]")?.dataset.busy || 0);
    if (busy < was) loadDocuments();
    if (busy) polling = setTimeout(loadJobs, POLL_MS);
  }

  async function upload(files) {
    if (!files.length) return;
    pincite.openShelf();
    refused = [];
    for (const [name, file] of files) {
      const { ok, text } = await call(`/page/uploads?${new URLSearchParams({ name })}`, "PUT", file);
      if (!ok) refuse(name, text);
      await loadJobs();
    }
    loadDocuments();
  }

  // The files of a drop, also those in folders: [name, file]. A folder's name stays part of the name.
  async function dropped(transfer) {
    const found = [];
    async function walk(entry) {
      if (entry.isFile) {
        const file = await new Promise((done, failed) => entry.file(done, failed));
        if (!file.name.startsWith(".")) found.push([entry.fullPath.slice(1).replaceAll("/", " - "), file]);
        return;
      }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((done, failed) => reader.readEntries(done, failed));
        if (!some.length) return;
        for (const inside of some) await walk(inside);
      }
    }
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return [...transfer.files].map((file) => [file.name, file]);
    for (const entry of entries) await walk(entry);
    return found;
  }

  const brings = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    document.body.classList.add("pc-dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("pc-dropping");
  });
  document.addEventListener("drop", async (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    document.body.classList.remove("pc-dropping");
    upload(await dropped(event.dataTransfer));
  });

  async function changeJob(button) {
    const { act } = button.dataset;
    if (act === "replace" && !confirmed(button)) return;
    if (act !== "dismiss") {
      const job = `/page/uploads/${button.closest("[data-job]").dataset.job}`;
      await call(act === "replace" ? `${job}/replace` : job, "PUT");
    } else {
      refused = [];
      await call("/page/uploads", "DELETE");
    }
    loadJobs();
  }

  // --- conversations

  const nameOf = (row) => row.querySelector(".pc-name").textContent;

  // A moment as the reader writes it, with the year only if it is another one.
  function moment(milliseconds) {
    const at = new Date(milliseconds);
    const year = at.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
    return at.toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...year });
  }

  async function loadConversations() {
    const search = $("pc-find").value;
    const found = await call(`/page/conversations?${new URLSearchParams({ search })}`);
    if (search !== $("pc-find").value) return;
    draw($("pc-conversations"), found);
    for (const row of document.querySelectorAll("#pc-conversations li")) {
      const own = row.dataset.conversation === state.conversation;
      const link = row.querySelector("a");
      const when = row.querySelector(".pc-when");
      when.textContent = moment(Number(when.dataset.updated) * 1000);
      // Conversations may be titled alike, and their menus are told apart by ear.
      row.querySelector("summary").setAttribute("aria-label", `More: ${nameOf(row)}, ${when.textContent}`);
      if (own) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      if (own) pincite.entitle(nameOf(row));
    }
  }

  async function changeConversation(row, button) {
    const id = row.dataset.conversation;
    const { act } = button.dataset;
    if (act === "link") return pincite.copy(button, `${location.origin}/?c=${id}`);
    if (act === "rename") return editLine(row, "Title", nameOf(row), async (title) => {
      await call(`/page/conversations/${id}`, "POST", { title });
      loadConversations();
    });
    if (!confirmed(button)) return;
    const { ok, text } = await call(`/page/conversations/${id}`, "DELETE");
    if (!ok) say(text);
    if (id === state.conversation) pincite.open("");
    loadConversations();
  }

  // --- small things that rows share

  // The first press of a button that destroys something asks, the second does it.
  function confirmed(button, asks = "") {
    if (button.dataset.sure) return true;
    const words = button.textContent;
    button.dataset.sure = "asked";
    button.textContent = asks || `Really ${words.toLowerCase()}?`;
    button.focus();
    button.scrollIntoView({ block: "nearest" }); // it may have gone to another line
    // Not at once: what stands beside it would move away under the press that takes the focus.
    button.addEventListener("blur", () => setTimeout(() => {
      delete button.dataset.sure;
      button.textContent = words;
    }, 300), { once: true });
    return false;
  }

  // A line to be edited in the place of a row's content; Enter keeps it, Escape leaves it.
  function editLine(row, label, value, keep) {
    row.querySelector(".pc-menu").open = false;
    row.querySelector(".pc-line")?.remove();
    const box = document.createElement("input");
    Object.assign(box, { className: "pc-line", value, maxLength: 400 });
    box.setAttribute("aria-label", label);
    box.placeholder = label;
    const leave = (kept) => {
      box.removeEventListener("blur", leave); // to be removed takes the focus, too
      box.remove();
      if (kept === true) return; // what keeps it draws the list
      if (row.dataset.document === undefined) loadConversations();
      else loadDocuments();
    };
    box.addEventListener("blur", leave);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.stopPropagation();
      leave(event.key === "Enter");
      if (event.key === "Enter") keep(box.value);
    });
    row.append(box);
    box.select();
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "pc-filter") filter();
    if (event.target.id === "pc-find") loadConversations();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "pc-files") {
      upload([...event.target.files].map((file) => [file.name, file]));
      event.target.value = "";
    }
    if (event.target.classList.contains("pc-pick")) {
      toggle(state.scope.documents, event.target.closest("li").dataset.document);
    }
  });

  // What was done meanwhile in another tab, or by a command.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !$("pc-view")?.dataset.ready) return;
    loadConversations();
    loadDocuments();
    loadJobs();
  });

  // The number of changes of the library tells when the documents have to be listed anew, while the page is looked at.
  // A list that takes long is listed less often; a session that has ended is left to what its reader does next.
  let changes = null;
  async function keepUp() {
    let pause = FOLLOW_MS;
    const reply = document.hidden ? null : await fetch("/api/health").catch(() => null);
    if (reply?.ok && $("pc-view")?.dataset.ready) {
      const { generation } = (await reply.json()).library;
      if (generation !== changes) {
        const began = performance.now();
        await loadDocuments();
        pause = Math.max(pause, 20 * (performance.now() - began));
        changes = generation;
      }
    }
    setTimeout(keepUp, pause);
  }
  setTimeout(keepUp, FOLLOW_MS);

  Object.assign(pincite, {
    loadDocuments, offer, loadJobs, loadConversations, changeDocument, removeArticles, changeJob, changeConversation, confirmed,
    toggleTag: (tag) => toggle(state.scope.tags, tag),
    askAll() {
      state.scope = { documents: [], tags: [] };
      showScope();
    },
    nameExports(id) {
      for (const link of document.querySelectorAll("a[data-export]")) {
        link.href = `/page/conversations/${id}/${link.dataset.export}`;
        link.download = "";
      }
    },
    conversationChanged() {
      showScope();
      loadConversations();
    },
  });
})();
