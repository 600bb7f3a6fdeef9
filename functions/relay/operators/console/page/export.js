// What the list shows, as a file for a spreadsheet.

const COLUMNS = [
  ["Received (UTC)", (row) => row.timestamp.slice(0, 19).replace("T", " ")],
  ["Kind", (row) => row.kind],
  ["From", (row) => row.writer || row.sender_phone],
  ["To", (row) => row.receiver],
  ["Text", (row) => row.message_body],
  ["With it", (row) => row.files],
  ["Outcome", (row) => row.outcome],
  ["Handler", (row) => row.claimed_by || row.tier_name || ""],
  ["Seconds to delivery", (row) => row.seconds_to_delivery ?? ""],
  ["Reason", (row) => row.reason],
  ["Handled by", (row) => row.handled?.by ?? ""],
  ["Note", (row) => row.handled?.note ?? ""],
  ["Message id", (row) => row.message_id],
];

function csv(rows) {
  return [COLUMNS.map(([name]) => name), ...rows.map((row) => COLUMNS.map(([, of]) => of(row)))].map((cells) => cells.map(cell).join(",")).join("\r\n");
}

/** What a customer wrote must not become a formula of who opens the file. */
function cell(value) {
  const words = String(value);
  const safe = /^[=+\-@\t\r]/.test(words) && !/^\+?\d+$/.test(words) ? `'${words}` : words;
  return `"${safe.replaceAll('"', '""')}"`;
}

export function save(rows, now) {
  // With the mark that tells spreadsheets which letters these are.
  const file = new Blob(["\ufeff", csv(rows)], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `texts-${new Date(now).toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
