"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.remove("no-js");

  // Before and after: the range input carries mouse, touch and keys; the picture follows it.
  for (const input of all(".slider input")) {
    const show = () => input.parentElement.style.setProperty("--cut", `${input.value}%`);
    input.addEventListener("input", show);
    show();
  }

  for (const button of all(".enlarge")) {
    button.addEventListener("click", () => {
      const large = button.closest(".exhibit").classList.toggle("large");
      button.setAttribute("aria-pressed", large);
      button.textContent = large ? "Reduce" : "Enlarge";
      button.scrollIntoView({ block: "nearest" });
    });
  }

  // Criteria: a row is shown when every chosen facet matches it.
  const form = document.querySelector(".filters");
  const filter = () => {
    const want = Object.fromEntries(all("select", form).map((s) => [s.dataset.facet, s.value]));
    let shown = 0, total = 0;
    for (const table of all(".tooltable")) {
      let left = 0;
      for (const group of all(".group", table)) {
        const rows = all(".row", group);
        for (const row of rows) {
          const facts = { tool: table.dataset.tool, role: group.dataset.role, ...row.dataset };
          row.hidden = Object.entries(want).some(([facet, value]) => value && facts[facet] !== value);
        }
        const open = rows.filter((row) => !row.hidden).length;
        group.hidden = open === 0;
        left += open; total += rows.length;
      }
      table.hidden = left === 0 && Object.values(want).some(Boolean);
      shown += left;
    }
    form.querySelector("output").textContent = `${shown} of ${total} verdicts shown`;
  };
  if (form) {
    form.addEventListener("change", filter);
    form.addEventListener("reset", (event) => {
      event.preventDefault(); // the browser would reset the fields after this handler: do it here, so that the rows follow in the same step
      all("select", form).forEach((s) => { s.value = ""; });
      filter();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }

  // Charts: a dot knows its case; its row in the table of cases has the words.
  const tip = document.getElementById("tip");
  all("[data-case] > title").forEach((title) => title.remove()); // the tip says more
  const rowOf = (dot) => {
    const tool = dot.closest("figure").dataset.tool;
    return document.getElementById(`case-${tool}-${dot.dataset.case.split(":")[0]}`);
  };
  const picturesOf = (row) => document.querySelector(row.querySelector("a")?.hash || null);
  const describe = (dot) => {
    const row = rowOf(dot);
    if (!row) return "";
    const heads = all("thead tr:first-child th[colspan]", row.closest("table"));
    const cells = all("td", row).slice(1);
    const lines = heads.map((head, k) => {
      const [reference, original, edits, change] = cells.slice(4 * k, 4 * k + 4).map((c) => c.textContent);
      return `${head.textContent}: reference ${reference}, original ${original}, edits ${edits} (${change})`;
    });
    return [`${row.querySelector("th").textContent}, repeat ${Number(dot.dataset.case.split(":")[1]) + 1}`, ...lines,
      picturesOf(row) ? "Click: its pictures" : "Click: its row among all cases"].join("\n");
  };
  document.addEventListener("pointerover", (event) => {
    const dot = event.target.closest?.("[data-case]");
    tip.hidden = !dot;
    if (!dot) return;
    tip.textContent = describe(dot);
    const box = dot.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(box.right + 10, innerWidth - tip.offsetWidth - 12))}px`;
    tip.style.top = `${Math.max(8, Math.min(box.bottom + 10, innerHeight - tip.offsetHeight - 12))}px`;
  });
  document.addEventListener("click", (event) => {
    const dot = event.target.closest?.("[data-case]");
    const row = dot && rowOf(dot);
    if (!row) return;
    const place = picturesOf(row) ?? row;
    row.closest("details").open = true;
    location.hash = place.id;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "center" });
  });

  // Print shows what a screen folds away; the table of every case, pages long, only where it is open.
  addEventListener("beforeprint", () => all("details:not(.cases)").forEach((d) => { d.dataset.was = d.open; d.open = true; }));
  addEventListener("afterprint", () => all("details:not(.cases)").forEach((d) => { d.open = d.dataset.was === "true"; }));

  // The section in view is marked in the bar at the top.
  const links = new Map(all("nav.top a").map((a) => [a.hash.slice(1), a]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      links.forEach((a) => a.removeAttribute("aria-current"));
      links.get(target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  links.forEach((_, id) => { const part = document.getElementById(id); if (part) watcher.observe(part); });
})();
