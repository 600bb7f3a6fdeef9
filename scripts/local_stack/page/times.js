// Times as this page shows them. What is said of a relay comes from the relay itself (/sms/relay-state).

export function secondsBetween(from, to) {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

export function seconds(amount) {
  return `${amount < 100 ? amount.toFixed(1) : Math.round(amount)} s`;
}

const two = (number) => String(number).padStart(2, "0");

/** Local time of day, of 24 hours, as the console has it. */
export function clock(at) {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** What this machine's zone is called at that time: CET, GMT+5:30. */
export function zone(at) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date(at));
  return parts.find((part) => part.type === "timeZoneName").value;
}
