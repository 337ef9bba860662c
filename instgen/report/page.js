"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(at(id).textContent);
  const made = (tag, text, css) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (css) element.className = css;
    return element;
  };

  const root = document.documentElement;
  at("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const PAGE = 20;
  const rows = read("rows");
  const found = rows.map((row) => Object.values(row).join("\n").toLowerCase());
  const list = at("list"), search = at("search"), where = at("where"), back = at("back"), on = at("on");
  let hits = rows.map((_, index) => index), first = 0;

  const part = (box, name, text) => {
    if (!text) return;
    const body = made("div", text, "text");
    body.dir = "auto";
    box.append(made("h3", name), body);
  };
  const show = () => {
    list.replaceChildren(...hits.slice(first, first + PAGE).map((index) => {
      const row = rows[index], box = made("details", undefined, "row"), head = made("summary");
      head.append(made("bdi", row.instruction));
      if (row.about) head.append(" ", made("span", row.about, "tag"));
      box.append(head);
      box.addEventListener("toggle", () => {
        if (!box.open || box.childElementCount > 1) return;
        part(box, "instruction", row.instruction);
        part(box, "input", row.input);
        part(box, "output", row.output);
        part(box, "further turns and candidates", row.rest);
      });
      return box;
    }));
    const last = Math.min(first + PAGE, hits.length);
    where.textContent = hits.length ? `${first + 1} to ${last} of ${hits.length.toLocaleString("en")}` : "no matches";
    back.disabled = first === 0;
    on.disabled = last >= hits.length;
  };
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits = rows.map((_, index) => index).filter((index) => words.every((word) => found[index].includes(word)));
    first = 0;
    show();
  });
  back.addEventListener("click", () => { first = Math.max(0, first - PAGE); show(); });
  on.addEventListener("click", () => { first += PAGE; show(); });
  show();

  const family = at("family");
  if (family) {
    const families = read("families"), chain = at("chain");
    const tags = { same: "span", added: "ins", removed: "del" };
    const draw = () => {
      const { examples, members } = families[family.value];
      const before = made("details");
      before.append(made("summary", "modeled on these tasks"), ...examples.map((text) => {
        const quote = made("blockquote", text);
        quote.dir = "auto";
        return quote;
      }));
      const steps = members.map((member, index) => {
        const box = made("div");
        const text = made("div", undefined, "text");
        text.dir = "auto";
        const missing = index ? member.round - members[index - 1].round - 1 : 0;
        const gap = missing > 0 ? ` (${missing} rounds in between are not in these files)` : "";
        text.append(...member.spans.map(([change, words]) => made(tags[change], words)));
        box.append(made("h3", member.round ? `round ${member.round}: ${member.op}${gap}` : "root"), text);
        return box;
      });
      chain.replaceChildren(...(examples.length ? [before] : []), ...steps);
    };
    family.addEventListener("change", draw);
    draw();
  }
})();
