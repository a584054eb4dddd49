// A page about work that is still going on: fetch it again every two seconds, and show what has changed.
const waiting = () => document.querySelector("[data-wait]");
const look = async () => {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return void setTimeout(look, 2000);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("[data-wait]");
  if (!next) return location.reload();
  waiting().replaceChildren(...next.childNodes);
  setTimeout(look, 2000);
};
if (waiting()) setTimeout(look, 2000);
