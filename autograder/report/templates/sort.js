for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, heads, column));
  });
}

function sort(table, heads, column) {
  const head = heads[column];
  const numbers = head.dataset.sort === "number";
  const first = numbers ? "descending" : "ascending";
  const second = numbers ? "ascending" : "descending";
  const order = head.getAttribute("aria-sort") === first ? second : first;
  const value = (row) => {
    const cell = row.cells[column];
    return numbers ? parseFloat(cell.dataset.value ?? cell.textContent) : cell.textContent.trim();
  };
  const compare = (one, other) => {
    const [left, right] = [value(one), value(other)];
    if (!numbers) return left.localeCompare(right, undefined, { numeric: true });
    if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right);
    return left - right;
  };
  const sign = order === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort((one, other) => sign * compare(one, other)));
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
}
