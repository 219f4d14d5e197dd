// A chart with its title, one sentence for those who do not see it, and the same numbers as a table.

import { button } from "../../kit/button.js";
import { el, fill, set, uid } from "../../kit/dom.js";

/**
 * A figure as { element, show({ sentence, chart, head, rows, empty }) }. `chart` is a node, `head` the words of the columns,
 * `rows` their cells; `empty` is said instead when there is nothing to draw.
 */
export function figure(title, extra = "") {
  const id = uid("figure");
  const body = el("div", { class: "fig-body" });
  let [shown, asTable] = [null, false];
  const flip = button({
    text: "Table",
    kind: "quiet",
    small: true,
    pressed: false,
    "aria-label": `${title} as a table`,
    onClick: () => {
      asTable = !asTable;
      set(flip, { "aria-pressed": String(asTable) });
      draw();
    },
  });

  function draw() {
    const { sentence, chart, head, rows, empty } = shown;
    set(flip, { hidden: Boolean(empty) });
    if (empty) fill(body, el("p", { class: "hint" }, empty));
    else if (asTable) fill(body, tableOf(title, head, rows));
    else fill(body, el("div", { class: "fig-chart", role: "img", "aria-label": sentence }, chart));
  }

  return {
    element: el(
      "figure",
      { class: `fig ${extra}`, "aria-labelledby": id },
      el("div", { class: "fig-head" }, el("h2", { id }, title), flip),
      body,
    ),
    show(what) {
      shown = what;
      draw();
    },
  };
}

function tableOf(title, head, rows) {
  return el(
    "div",
    { class: "fig-table", tabIndex: 0, role: "region", "aria-label": `${title}, numbers` },
    el(
      "table",
      { class: "t" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          head.map((words) => el("th", { scope: "col" }, words)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map(([first, ...rest]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, first),
            rest.map((cell) => el("td", {}, cell)),
          ),
        ),
      ),
    ),
  );
}
