"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const form = at("form"), picture = at("picture"), view = at("view");
  const sets = [...form.querySelectorAll("fieldset")];
  const store = `editproof-readers:${data.study}:${data.reader}`;
  let state = { place: 0, answers: {} }, light = 1;

  try { state = Object.assign(state, JSON.parse(localStorage.getItem(store) || "{}")); } catch { /* begin anew */ }
  const keep = () => { try { localStorage.setItem(store, JSON.stringify(state)); } catch { /* the file alone keeps them */ } };
  const image = () => data.images[state.place];
  const given = (code) => state.answers[code] || {};
  const complete = (code) => data.questions.every((q) => given(code)[q.quantity] !== undefined);

  const fault = (question, text) => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < question.least || value > question.most) return true;
    const steps = question.step === null ? 0 : (value - question.least) / question.step;
    return Math.abs(steps - Math.round(steps)) > 1e-6;
  };
  const fields = (set) => [...set.querySelectorAll("input")];

  const read = () => {
    let good = true;
    sets.forEach((set, i) => {
      const question = data.questions[i], inputs = fields(set), radio = inputs[0].type === "radio";
      const chosen = radio ? inputs.find((input) => input.checked) : inputs[0];
      const broken = !radio && chosen.validity.badInput;
      const text = chosen && !broken ? chosen.value.trim() : "";
      const wrong = broken || (text !== "" && fault(question, text));
      set.querySelector(".wrong").textContent = wrong ? `Give a number ${question.scale}.` : "";
      const own = { ...given(image().code) };
      if (text === "" || wrong) delete own[question.quantity]; else own[question.quantity] = text;
      state.answers[image().code] = own;
      good = good && !wrong;
    });
    keep();
    tell();
    return good;
  };

  const tell = () => {
    const done = data.images.filter((one) => complete(one.code)).length;
    at("bar").value = done;
    at("done").textContent = `${done} of ${data.images.length}`;
  };

  const show = (place, focus = true) => {
    state.place = Math.min(Math.max(place, 0), data.images.length - 1);
    const { code, sitting, src } = image(), before = data.images[state.place - 1];
    picture.src = src;
    picture.alt = `Image ${code}`;
    at("place").textContent = `Image ${state.place + 1} of ${data.images.length}: ${code} (sitting ${sitting})`;
    at("pause").hidden = !(before && before.sitting !== sitting);
    sets.forEach((set, i) => {
      const value = given(code)[data.questions[i].quantity];
      set.querySelector(".wrong").textContent = "";
      fields(set).forEach((input) => {
        if (input.type === "radio") input.checked = input.value === value; else input.value = value === undefined ? "" : value;
      });
    });
    keep();
    tell();
    if (focus) (fields(sets[0]).find((input) => input.checked) || fields(sets[0])[0]).focus();
  };

  const move = (step) => { if (read()) show(state.place + step); };
  const open = () => {
    if (!read()) return;
    const n = data.images.length;
    for (let k = 1; k <= n; k += 1) {
      const place = (state.place + k) % n;
      if (!complete(data.images[place].code)) { show(place); return; }
    }
  };
  const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = () => {
    const names = data.questions.map((q) => q.quantity);
    const lines = [["study", "sitting", "place", "image", ...names]];
    data.images.forEach((one, i) => {
      lines.push([data.study, String(one.sitting), String(i + 1), one.code, ...names.map((name) => given(one.code)[name] || "")]);
    });
    return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };
  const save = () => {
    if (!read()) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = `answers-${data.reader}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    const open_ = data.images.filter((one) => !complete(one.code)).length;
    at("saved").textContent = open_ ? `Saved; ${open_} images are without a complete answer.` : "Saved; every image is answered.";
  };

  form.addEventListener("submit", (event) => { event.preventDefault(); move(1); });
  form.noValidate = true;
  form.addEventListener("change", read);
  at("back").addEventListener("click", () => move(-1));
  at("open").addEventListener("click", open);
  at("save").addEventListener("click", save);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const typing = event.target.type === "number", key = event.key;
    const bright = (step) => { light = Math.min(Math.max(light + step, 0.4), 2.5); picture.style.filter = `brightness(${light})`; };
    const keys = { n: () => move(1), p: () => move(-1), u: open, z: () => view.classList.toggle("full") };
    if (!typing) Object.assign(keys, { "+": () => bright(0.1), "-": () => bright(-0.1) });
    if (event.target.type === "radio" && key === "Enter") { event.preventDefault(); move(1); return; }
    if (keys[key]) { event.preventDefault(); keys[key](); }
  });
  show(state.place, false);
})();
