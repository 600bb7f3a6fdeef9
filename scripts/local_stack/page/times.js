// Times as this page shows them. What is said of a relay comes from the relay itself (/sms/relay-state).

export function secondsBetween(from, to) {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

export function seconds(amount) {
  return `${amount < 100 ? amount.toFixed(1) : Math.round(amount)} s`;
}

export function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
