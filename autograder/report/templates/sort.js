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
  const preferred = numbers ? "descending" : "ascending";
  const reversed = numbers ? "ascending" : "descending";
  const order = head.getAttribute("aria-sort") === preferred ? reversed : preferred;
  const value = (row) => {
    const cell = row.cells[column];
    return numbers ? parseFloat(cell.dataset.value ?? cell.textContent) : cell.textContent.trim();
  };
  const compare = (first, second) => {
    const [left, right] = [value(first), value(second)];
    if (!numbers) return left.localeCompare(right, undefined, { numeric: true });
    if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right);
    return left - right;
  };
  const sign = order === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  body.append(...[...body.rows].sort((first, second) => sign * compare(first, second)));
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
}
