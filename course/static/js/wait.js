// A page about work that is still going on: fetch it again every two seconds, and show what has changed. The rest stays as it
// is: it keeps the focus, and a screen reader does not say it again.
const waiting = () => document.querySelector("[data-wait]");
function renew(now, next) {
  const old = [...now.children], made = [...next.children];
  if (old.length !== made.length) return now.replaceChildren(...made);
  for (const [at, one] of made.entries()) if (!old[at].isEqualNode(one)) old[at].replaceWith(one);
}
const look = async () => {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return void setTimeout(look, 2000);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("[data-wait]");
  if (!next) return location.reload();
  renew(waiting(), next);
  setTimeout(look, 2000);
};
if (waiting()) setTimeout(look, 2000);
