// A story for two: ask every two seconds what the colleague is doing. A new sentence is announced; a new screen is fetched,
// and its heading gets the focus. Without this file the link beside the sentence does the same.
const fresh = "together-fresh";
const remember = (value) => { try { value ? sessionStorage.setItem(fresh, value) : sessionStorage.removeItem(fresh); } catch { /* not allowed: then the focus stays */ } };
const remembered = () => { try { return sessionStorage.getItem(fresh); } catch { return null; } };
let area = null, looks = 0, timer = 0;
const wait = () => { clearTimeout(timer); timer = setTimeout(look, ++looks < 300 ? 2000 : 10000); };
async function look() {
  const asked = area;
  if (document.hidden || !asked?.isConnected) return;
  const answer = await fetch(asked.dataset.together, { headers: { accept: "application/json" } }).catch(() => null);
  if (asked !== area || !asked.isConnected) return;
  if (!answer || answer.status >= 500) return wait();
  if (!answer.ok || !answer.headers.get("content-type")?.startsWith("application/json")) return;
  const now = await answer.json(), said = document.getElementById("news");
  if (asked !== area || !asked.isConnected) return;
  if (now.screen !== asked.dataset.screen) {
    remember(location.pathname);
    history.scrollRestoration = "manual";
    return location.reload();
  }
  if (said.textContent !== now.news) said.textContent = now.news;
  asked.querySelector("circle:last-child").classList.toggle("on", now.pressed);
  wait();
}

/** Begin to ask for the page that is shown now; what was asked for an earlier one is forgotten. */
export function start() {
  clearTimeout(timer);
  area = document.querySelector("[data-together]");
  looks = 0;
  if (area) wait();
}
document.addEventListener("visibilitychange", () => { if (!document.hidden && area) { clearTimeout(timer); look(); } });
if (remembered() === location.pathname) document.querySelector("[data-focus]")?.focus();
remember("");
start();
