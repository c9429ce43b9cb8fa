"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // A witness: its section, its data, and how many steps have been taken (0: the initial state).
  const witnesses = [...document.querySelectorAll(".witness")].map((section) => {
    const data = JSON.parse(section.querySelector("script.data").textContent);
    const rows = [...section.querySelectorAll("tr.step")];
    const find = (selector) => section.querySelector(selector);
    let before = null; // a folded step is in the box of its fold, which leads to the first
    const nodes = data.names.map((name, at) => {
      const own = document.getElementById(`${section.id}:${name}`)
        ?? section.querySelector(`[id^="${CSS.escape(`${section.id}:${name}..`)}"]`);
      own?.setAttribute("data-at", at);
      return (before = own ?? before);
    });
    rows.forEach((row) => row.removeAttribute("id")); // a permalink shows its step, not only its row
    return { section, data, rows, find, nodes, at: 0 };
  });
  let active = witnesses[0];

  function show(witness, wanted) {
    const { section, data, rows, nodes, find } = witness;
    const at = Math.min(Math.max(wanted, 0), rows.length - 1);
    for (const each of [rows[witness.at], nodes[witness.at]]) {
      each?.classList.remove("now");
    }
    rows[witness.at].removeAttribute("aria-current");
    witness.at = at;
    for (const each of [rows[at], nodes[at]]) {
      each?.classList.add("now");
    }
    rows[at].setAttribute("aria-current", "step");
    find(".position").textContent = `${at} of ${rows.length - 1}`;
    find(".said").textContent = data.say[at];
    find(".when").textContent = at === 0 ? "before the first step" : `after ${data.names[at]}`;
    find(".permalink").setAttribute("href", `#${section.id}/${data.names[at]}`);
    const ends = { first: 0, previous: 0, next: rows.length - 1, last: rows.length - 1 };
    for (const button of section.querySelectorAll("[data-go]")) {
      // not "disabled", which would take the focus away from it
      button.setAttribute("aria-disabled", String(at === ends[button.dataset.go]));
    }
    showSource(witness);
    showState(witness);
    keepInView(find(".steps"), rows[at]);
    keepBeside(find(".drawing"), nodes[at]);
  }

  function showSource({ data, at, find }) {
    const source = data.sources[data.source[at]];
    find(".source").hidden = data.sources.length === 0;
    find(".callers").replaceChildren(...(source ? source.callers : []).map(([place, text]) => {
      const caller = document.createElement("li");
      const code = document.createElement("code");
      code.textContent = text;
      caller.append(`${place} `, code);
      caller.title = text;
      return caller;
    }));
    find(".source figcaption").textContent = source ? `${source.place}:${source.line}` : "";
    find(".source").classList.toggle("none", !source);
    const lines = source ? source.lines : [];
    find(".source pre").replaceChildren(...lines.map((text, i) => {
      const line = document.createElement("span");
      const number = source.first + i;
      line.textContent = `${String(number).padStart(4)}  ${text}`;
      line.className = number === source.line ? "own" : "";
      return line;
    }));
  }

  function showState({ section, data, at }) {
    const now = data.states[at];
    const before = data.states[Math.max(at - 1, 0)];
    for (const field of section.querySelectorAll("[data-field]")) {
      const i = Number(field.dataset.field);
      const changed = now[i] !== before[i];
      field.classList.toggle("changed", changed);
      const value = data.texts[now[i]] || "-";
      if (changed) {
        const old = document.createElement("del");
        old.textContent = data.texts[before[i]] || "-";
        const fresh = document.createElement("ins");
        fresh.textContent = value;
        field.lastElementChild.replaceChildren(old, " \u2192 ", fresh);
      } else {
        field.lastElementChild.textContent = value;
      }
    }
  }

  // Scrolls the list of steps, never the page.
  function keepInView(list, row) {
    const room = list.clientHeight / 4;
    const top = row.offsetTop - room;
    const bottom = row.offsetTop + row.offsetHeight + room;
    if (top < list.scrollTop) {
      list.scrollTop = top;
    } else if (bottom > list.scrollTop + list.clientHeight) {
      list.scrollTop = bottom - list.clientHeight;
    }
  }

  // Scrolls a picture that is wider than the page sideways to a step.
  function keepBeside(drawing, node) {
    if (drawing && node) {
      const place = node.getBoundingClientRect();
      const around = drawing.getBoundingClientRect();
      if (place.left < around.left || place.right > around.right) {
        drawing.scrollLeft += (place.left + place.right - around.left - around.right) / 2;
      }
    }
  }

  // Scrolls the page to where a step is shown, if that and its state are elsewhere.
  function bringIntoView({ find }) {
    const controls = find(".controls").getBoundingClientRect();
    const state = find(".cards").getBoundingClientRect();
    if (controls.top < 0 || Math.min(state.top + 100, state.bottom) > innerHeight) {
      find(".stepper").scrollIntoView({ block: "start" });
    }
  }

  function go(witness, to) {
    activate(witness);
    show(witness, to);
    bringIntoView(witness);
    try {
      history.replaceState(null, "", `#${witness.section.id}/${witness.data.names[witness.at]}`);
    } catch {
      // a viewer that does not let a page name its steps; everything else works
    }
  }

  function activate(witness) {
    active = witness;
    for (const each of witnesses) {
      each.section.classList.toggle("active", each === witness);
    }
  }

  function fromHash() {
    const [anchor, name] = decoded(location.hash.slice(1)).split("/");
    const witness = witnesses.find((each) => each.section.id === anchor);
    if (!witness) {
      return;
    }
    activate(witness);
    const at = witness.data.names.indexOf(name);
    if (at >= 0) {
      show(witness, at);
      witness.find(".stepper").scrollIntoView({ block: "start" });
    }
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return "";
    }
  }

  const MOVES = {
    first: () => 0,
    previous: (witness) => witness.at - 1,
    next: (witness) => witness.at + 1,
    last: (witness) => witness.rows.length - 1,
  };
  const KEYS = {
    ArrowLeft: "previous", k: "previous", ArrowRight: "next", j: "next", Home: "first", End: "last",
  };

  for (const witness of witnesses) {
    const { section, data, rows } = witness;
    section.addEventListener("focusin", () => activate(witness));
    section.addEventListener("click", (event) => {
      const button = event.target.closest("[data-go]");
      const link = event.target.closest(".steps a, .why a");
      const row = event.target.closest("tr.step");
      const node = event.target.closest("g.node[data-at]");
      if (button) {
        go(witness, MOVES[button.dataset.go](witness));
      } else if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
        event.preventDefault();
        go(witness, data.names.indexOf(link.hash.split("/")[1]));
      } else if (row && getSelection().isCollapsed) {
        go(witness, rows.indexOf(row));
      } else if (node) {
        go(witness, Number(node.dataset.at));
      } else {
        activate(witness);
      }
    });
  }

  document.addEventListener("keydown", (event) => {
    const elsewhere = event.target.closest?.("input, textarea, select, [contenteditable], .drawing, pre");
    if (!active || elsewhere || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) {
      return;
    }
    const move = KEYS[event.key];
    if (move) {
      event.preventDefault();
      go(active, MOVES[move](active));
    }
  });

  const theme = document.getElementById("/theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches;
  }

  function showTheme() {
    theme.setAttribute("aria-pressed", String(isDark()));
  }

  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  prefersDark.addEventListener("change", showTheme);
  showTheme();

  for (const witness of witnesses) {
    // room for the longest chain, so that nothing below moves from step to step
    const longest = Math.max(0, ...witness.data.sources.map(({ callers }) => callers.length));
    witness.find(".callers").style.minHeight = `${1.45 * longest}em`;
    show(witness, 0);
  }
  if (active) {
    activate(active);
  }
  window.addEventListener("hashchange", fromHash);
  fromHash();
})();
