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

  // The viewer: original, edit and difference under one zoom, place, window and level.
  const viewer = document.getElementById("viewer");
  if (viewer) {
    const knobs = Object.fromEntries(all("[data-view]", viewer).map((k) => [k.dataset.view, k]));
    const films = all(".film", viewer), said = viewer.querySelector("output");
    const exhibits = all(".exhibit").filter((e) => e.querySelector(".slider"));
    let at = 0, x = 0, y = 0, size = [1, 1], frame = {}, blink = 0;
    const scale = () => 2 ** (knobs.zoom.value / 20); // up to 32 times
    const draw = () => {
      // a linear map of gray levels: what lies in the window fills the range from black to white
      const sign = knobs.invert.checked ? -1 : 1, slope = sign * 255 / knobs.window.value;
      for (const part of all("#window-level feComponentTransfer > *", viewer)) {
        part.setAttribute("slope", slope);
        part.setAttribute("intercept", 0.5 - slope * knobs.level.value / 255);
      }
      const room = 50 * (1 - 1 / scale()); // how far the middle can move, in percent of the picture
      [x, y] = [x, y].map((v) => Math.max(-room, Math.min(room, v)));
      viewer.style.setProperty("--move", `scale(${scale()}) translate(${x}%, ${y}%)`);
      viewer.style.setProperty("--over", knobs.overlay.value / 100);
      viewer.classList.toggle("sharp", scale() > 1.5);
      viewer.classList.toggle("bare", !knobs.outlined.checked);
      said.textContent = `zoom ${scale().toFixed(1)}, window ${knobs.window.value}, level ${knobs.level.value}`;
    };
    const flick = () => {
      clearInterval(blink);
      viewer.classList.remove("swapped");
      if (knobs.flicker.checked) blink = setInterval(() => viewer.classList.toggle("swapped"), 600);
    };
    const show = (place) => {
      at = (place + exhibits.length) % exhibits.length;
      const exhibit = exhibits[at];
      const [rank, name, repeat] = all("figcaption > :not(button)", exhibit).map((e) => e.textContent);
      const tool = exhibit.closest(".gallery").previousElementSibling.textContent.trim();
      viewer.querySelector("#viewer-title").textContent = `${tool}: ${name}, ${repeat}, ${rank}`;
      const copy = (selector) => exhibit.querySelector(selector)?.cloneNode();
      const layers = { original: [".before"], edit: [".after", ".before", ".difference img"], difference: [".difference img"] };
      const close = exhibit.querySelector(".close"), full = exhibit.querySelector(".full");
      [...knobs.part.options].forEach((o) => { o.disabled = { close: !close, full: !full }[o.value] ?? false; });
      if (knobs.part.selectedOptions[0].disabled) knobs.part.value = "whole";
      const part = knobs.part.value, near = part === "close" ? close : null;
      frame = (near ?? exhibit.querySelector(".slider")).dataset;
      for (const film of films) {
        const found = layers[film.dataset.film].map(copy);
        const sources = { before: near?.querySelector(".original"), after: near?.querySelector(".edit"), img: near?.querySelector(".apart") };
        if (near) found.forEach((image, k) => {
          const other = sources[layers[film.dataset.film][k].match(/\w+$/)[0]];
          for (const name of ["src", "width", "height", "alt"]) image.setAttribute(name, other.getAttribute(name));
        });
        if (part === "full") found.forEach((image, k) => {
          const file = { before: 0, after: 1 }[layers[film.dataset.film][k].match(/\w+$/)[0]];
          if (file === undefined) return; // the difference has no file
          image.onerror = () => { image.src = copy(layers[film.dataset.film][k]).src; said.textContent = "The file is not beside this page: shown as on the page."; };
          image.src = all("a", full)[file].href;
        });
        found[0].className = film.dataset.film === "difference" ? "map" : "shown";
        if (found[1]) [found[1].className, found[2].className] = ["shown other", "map over"];
        film.firstElementChild.replaceChildren(...[...found, near ? null : copy(".outline")].filter(Boolean));
        size = ["width", "height"].map((side) => Number(found[0].getAttribute(side)));
        film.style.setProperty("--ratio", size[0] / size[1]);
      }
      viewer.classList.toggle("stacked", size[0] / size[1] > 1.6); // planes of a volume lie side by side in each picture
      draw();
    };
    const reset = () => {
      [knobs.window.value, knobs.level.value, knobs.zoom.value, knobs.overlay.value] = [255, 128, 0, 0];
      knobs.invert.checked = knobs.flicker.checked = false;
      x = y = 0;
      flick(); draw();
    };
    const deeds = { next: () => show(at + 1), before: () => show(at - 1), close: () => viewer.close(), reset };
    const zoom = (step) => { knobs.zoom.value = Number(knobs.zoom.value) + step; draw(); };
    const toggle = (knob) => { knob.checked = !knob.checked; flick(); draw(); };
    const move = (right, down) => { x += right / scale(); y += down / scale(); draw(); };
    const keys = {
      "+": () => zoom(5), "=": () => zoom(5), "-": () => zoom(-5), 0: reset, i: () => toggle(knobs.invert), f: () => toggle(knobs.flicker),
      c: () => { knobs.part.value = knobs.part.value === "close" ? "whole" : "close"; knobs.part.dispatchEvent(new Event("change")); },
      PageDown: deeds.next, PageUp: deeds.before,
      ArrowLeft: () => move(5, 0), ArrowRight: () => move(-5, 0), ArrowUp: () => move(0, 5), ArrowDown: () => move(0, -5),
    };
    exhibits.forEach((exhibit, k) => exhibit.querySelector(".enlarge").addEventListener("click", () => {
      viewer.showModal();
      show(k);
      films[0].focus();
    }));
    all("[data-do]", viewer).forEach((b) => b.addEventListener("click", () => deeds[b.dataset.do]()));
    viewer.addEventListener("input", draw);
    knobs.part.addEventListener("change", () => { x = y = knobs.zoom.value = 0; show(at); });
    knobs.flicker.addEventListener("change", flick);
    viewer.addEventListener("close", () => { knobs.flicker.checked = false; flick(); exhibits[at].querySelector(".enlarge").focus(); });
    viewer.addEventListener("keydown", (event) => {
      const deed = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!deed || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.type === "range" && event.key.startsWith("Arrow") || event.target.tagName === "SELECT") return; // a slider has its own arrows
      event.preventDefault();
      deed();
    });
    for (const film of films) {
      film.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 3 : -3); }, { passive: false });
      film.addEventListener("pointerdown", (start) => {
        film.setPointerCapture(start.pointerId);
        const box = film.getBoundingClientRect(), [x0, y0] = [x, y], measures = start.shiftKey;
        const follow = (event) => {
          const [right, down] = [(event.clientX - start.clientX) / box.width, (event.clientY - start.clientY) / box.height];
          if (!measures) { [x, y] = [x0 + 100 * right / scale(), y0 + 100 * down / scale()]; draw(); return; }
          // in pixels of the image, whatever the picture was reduced to; in mm where the cohort states the spacing
          const [columns, rows] = frame.rows ? [frame.columns, frame.rows] : size, mm = frame.mm?.split(" ").map(Number);
          const length = (dx, dy) => (Math.hypot(right * columns * dx, down * rows * dy) / scale()).toFixed(1);
          said.textContent = mm ? `${length(mm[1], mm[0])} mm (${length(1, 1)} pixels)` : `${length(1, 1)} pixels; the cohort states no spacing in mm`;
        };
        film.addEventListener("pointermove", follow);
        film.addEventListener("lostpointercapture", () => film.removeEventListener("pointermove", follow), { once: true });
      });
    }
  }

  // Criteria: a row is shown when every chosen facet matches it.
  const form = document.querySelector(".filters");
  const filter = () => {
    const want = Object.fromEntries(all("select[data-facet]", form).map((s) => [s.dataset.facet, s.value]));
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
      all("select", form).forEach((s) => { s.value = ""; if (s.dataset.order === "") s.dispatchEvent(new Event("change", { bubbles: true })); });
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
      const means = cells[4 * k]?.dataset.means;
      return `${head.textContent}: reference ${reference}${means ? ` (${means})` : ""}, original ${original}, edits ${edits} (${change})`;
    });
    return [`${row.querySelector("th").firstChild.textContent.trim()}, repeat ${Number(dot.dataset.case.split(":")[1]) + 1}`, ...lines,
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
