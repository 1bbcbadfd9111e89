(() => {
  // Tables and charts at work: search, order, export, and one case picked out wherever it is shown. Without this script the page reads as it is.
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const value = (text) => { // the first number of a cell as it is printed, with a true minus sign and digits in groups
    const found = text.replace(/−/g, "-").replace(/(\d),(?=\d{3})/g, "$1").match(/^[+-]?\d+(\.\d+)?/);
    return found ? Number(found[0]) : NaN;
  };
  const button = (text, label, deed) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "export", textContent: text });
    made.setAttribute("aria-label", label);
    made.addEventListener("click", deed);
    return made;
  };
  const save = (name, kind, text) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: kind })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const fileName = (text, ending) => `${text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 80) || "table"}.${ending}`;

  // Any table as CSV: what spans several rows, or columns of the head, is repeated; numbers have a plain minus sign.
  const cellOf = (element) => {
    const copy = element.cloneNode(true);
    all(".order", copy).forEach((part) => part.replaceWith(part.textContent));
    all("svg, details, button, .drilled, a[href^='#pictures']", copy).forEach((part) => part.remove());
    all(".required, .sides, .why, .strip, br", copy).forEach((part) => part.before(" "));
    const text = words(copy).replace(/−(?=[\d∞])/g, "-");
    return /^[=@\t]|^[+-](?![\d∞])/.test(text) ? `'${text}` : text; // no cell of text becomes a formula
  };
  const csvOf = (table) => {
    const grid = [];
    [...table.rows].forEach((row, i) => {
      grid[i] ??= [];
      let at = 0;
      for (const cell of row.cells) {
        while (grid[i][at] !== undefined) at += 1;
        const text = cellOf(cell);
        for (let down = 0; down < cell.rowSpan; down += 1) {
          grid[i + down] ??= [];
          for (let right = 0; right < cell.colSpan; right += 1) grid[i + down][at + right] = right && !row.closest("thead") ? "" : text;
        }
        at += cell.colSpan;
      }
    });
    return grid.map((line) => Array.from(line, (text = "") => `"${text.replace(/"/g, '""')}"`).join(",")).join("\r\n") + "\r\n";
  };
  for (const table of all("main table")) {
    if (!table.tBodies.length || table.matches(".small, .leading")) continue; // what these say is in the tables of cases and claims too
    const name = words(table.caption ?? table);
    const made = button("CSV", `Save as CSV: ${name.slice(0, 120)}`, () => save(fileName(name, "csv"), "text/csv", `\ufeff${csvOf(table)}`));
    (table.closest(".scroll") ?? table).before(made);
  }

  // A table that is wider than the screen is moved sideways by keys too.
  const wide = () => all("main table").forEach((table) => {
    if (table.scrollWidth > table.clientWidth + 1 && table.clientWidth > 0) table.setAttribute("tabindex", "0");
    else table.removeAttribute("tabindex");
  });
  addEventListener("resize", wide);
  document.addEventListener("toggle", wide, true);
  wide();

  // Any chart as SVG: the colours of the page are written into the picture.
  const painted = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "opacity", "font-size", "font-weight", "font-family", "text-anchor"];
  const svgOf = (picture) => {
    const copy = picture.cloneNode(true);
    const parts = [picture, ...picture.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((part, k) => {
      const style = getComputedStyle(parts[k]);
      painted.forEach((name) => part.setAttribute(name, style.getPropertyValue(name)));
      ["class", "tabindex"].forEach((name) => part.removeAttribute(name));
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return new XMLSerializer().serializeToString(copy);
  };
  for (const figure of all(".charts figure")) {
    const picture = figure.querySelector("svg"), name = words(figure.querySelector("figcaption") ?? figure);
    if (!picture) continue;
    figure.querySelector("figcaption").append(button("SVG", `Save as SVG: ${name}`, () => save(fileName(name, "svg"), "image/svg+xml", svgOf(picture))));
  }

  // Cases: search, and order by any column; changes by their size.
  for (const box of all("details.cases")) {
    const table = box.querySelector("table"), body = table?.tBodies[0];
    if (!body) continue;
    const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "case or subgroup" });
    const label = document.createElement("label"), said = document.createElement("output");
    label.append("Search ", search);
    const line = Object.assign(document.createElement("p"), { className: "tools" });
    line.append(label, said);
    box.querySelector("summary").after(line);
    const rows = [...body.rows];
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = !words(row.cells[0]).concat(" ", words(row.cells[1])).toLowerCase().includes(wanted); });
      said.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} cases`;
    });
    const heads = [...all("thead tr:first-child th[scope=col]", table), ...all("thead tr:last-child th", table)];
    heads.forEach((head, column) => {
      const bySize = /change/.test(head.textContent);
      const key = (row) => { const number = value(words(row.cells[column])); return bySize ? Math.abs(number) : number; };
      const order = () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const sign = down ? -1 : 1, numbers = new Map(rows.map((row) => [row, key(row)]));
        const compared = (a, b) => {
          const [x, y] = [numbers.get(a), numbers.get(b)];
          if (Number.isNaN(x) && Number.isNaN(y)) return sign * words(a.cells[column]).localeCompare(words(b.cells[column]), "en", { numeric: true });
          return Number.isNaN(x) ? 1 : Number.isNaN(y) ? -1 : sign * (x - y);
        };
        body.append(...[...rows].sort(column < 2 ? (a, b) => sign * words(a.cells[column]).localeCompare(words(b.cells[column]), "en", { numeric: true }) : compared));
      };
      const made = Object.assign(document.createElement("button"), { type: "button", className: "order", textContent: words(head) });
      made.addEventListener("click", order);
      head.replaceChildren(made);
    });
    // From a claim to its cases: those whose reading changed most come first.
    for (const drill of all(`.drill[data-tool="${box.id.slice(6)}"]`)) {
      drill.addEventListener("click", () => {
        const head = heads[5 + 4 * Number(drill.dataset.column)];
        head.removeAttribute("aria-sort");
        box.open = true;
        head.firstElementChild.click();
        head.firstElementChild.focus({ preventScroll: true });
        box.scrollIntoView({ block: "start" });
      });
    }
  }

  // Claims: search in their words, and order by what missed.
  const form = document.querySelector(".filters");
  if (form) {
    const search = form.querySelector("[type=search]"), order = form.querySelector("[data-order]");
    const weight = { FAIL: 0, INVALID: 1, INCONCLUSIVE: 2, PASS: 3 };
    const groups = all(".tooltable .group"), place = new Map(groups.map((group, k) => [group, k]));
    const worst = (group) => Math.min(...all(".row", group).map((row) => weight[row.dataset.outcome]));
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      groups.forEach((group) => group.classList.toggle("unfound", !words(group).toLowerCase().includes(wanted)));
    };
    search.addEventListener("input", apply);
    order.addEventListener("change", () => {
      for (const table of all(".tooltable table.verdicts")) {
        const own = [...table.tBodies].sort((a, b) => (order.value ? worst(a) - worst(b) : 0) || place.get(a) - place.get(b));
        table.append(...own);
      }
    });
    form.addEventListener("reset", () => { search.value = ""; apply(); });
  }

  // One case, picked out in every chart, table and picture.
  const pick = (index) => {
    all(".picked").forEach((part) => part.classList.remove("picked"));
    if (index === undefined) return;
    all(`[data-case^="${index}:"]`).forEach((dot) => dot.classList.add("picked"));
    for (const row of all(`tr[id^="case-"][id$="-${index}"]`)) {
      row.classList.add("picked");
      document.querySelector(row.querySelector("a")?.hash || null)?.classList.add("picked");
    }
  };
  const caseAt = (target) => {
    const dot = target.closest?.("[data-case]"), row = target.closest?.('tr[id^="case-"]'), exhibit = target.closest?.(".exhibit");
    if (dot) return dot.dataset.case.split(":")[0];
    if (row) return row.id.split("-")[2];
    const link = exhibit && document.querySelector(`.cases a[href="#${exhibit.id.replace(/-repeat-\d+$/, "")}"]`);
    return link?.closest("tr").id.split("-")[2];
  };
  document.addEventListener("click", (event) => {
    const index = caseAt(event.target);
    if (index !== undefined) pick(index);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) pick(); });

  // Dots by keyboard: a chart is one stop of the tab key, arrows go from dot to dot, Enter opens the case.
  const over = (dot, name) => dot.dispatchEvent(new PointerEvent(name, { bubbles: true }));
  for (const picture of all(".charts svg:has([data-case])")) {
    picture.setAttribute("tabindex", "0");
    let at = -1, dots = null;
    const middle = (dot) => { const box = dot.getBoundingClientRect(); return box.left + box.width / 2; };
    const leave = () => { all(".focused", picture).forEach((dot) => dot.classList.remove("focused")); document.getElementById("tip").hidden = true; };
    picture.addEventListener("keydown", (event) => {
      dots ??= all("[data-case]", picture).map((dot) => [middle(dot), dot]).sort((a, b) => a[0] - b[0]).map(([, dot]) => dot);
      const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
      if (event.key === "Enter" && at >= 0) { dots[at].dispatchEvent(new MouseEvent("click", { bubbles: true })); event.preventDefault(); return; }
      if (event.key === "Escape") { leave(); return; }
      if (step === undefined) return;
      event.preventDefault();
      at = Math.max(0, Math.min(dots.length - 1, at + step));
      leave();
      dots[at].classList.add("focused");
      over(dots[at], "pointerover");
    });
    picture.addEventListener("blur", leave);
  }
})();
