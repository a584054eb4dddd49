// The night shift: a long page opens where it was left. How far it was read is kept on this device only, for the one page
// that was read last by whoever is signed in: at a shared computer it says nothing to the next person. Without JavaScript the page opens at its top.

const KEY = "place";
const OWNER = document.querySelector("meta[name=owner]")?.content;
const MARK = "#place";
const PAUSE = 400; // milliseconds without scrolling after which the place is kept
const BLOCKS = "main :is(h2, h3, p, li, figure, form)";

function read() {
  try {
    const place = JSON.parse(localStorage.getItem(KEY)) ?? {};
    if (place.owner === OWNER) return place;
    localStorage.removeItem(KEY);
  } catch {
    // Nothing can be read: the page opens at its top.
  }
  return {};
}

function keep() {
  const length = document.documentElement.scrollHeight - innerHeight;
  const share = length > 0 ? scrollY / length : 0;
  try {
    localStorage.setItem(KEY, JSON.stringify({ owner: OWNER, path: location.pathname, share }));
  } catch {
    // A full or closed store: the page opens at its top next time.
  }
}

function open(share) {
  const top = share * (document.documentElement.scrollHeight - innerHeight);
  scrollTo({ top, behavior: "instant" });
  // The focus goes there as well: otherwise a keyboard or a screen reader would begin at the top.
  const block = [...document.querySelectorAll(BLOCKS)].find((element) => {
    return element.checkVisibility({ contentVisibilityAuto: true }) && element.getBoundingClientRect().top >= 0;
  });
  if (block) {
    block.tabIndex = -1;
    block.focus({ preventScroll: true });
  }
}

const place = read();
for (const link of document.querySelectorAll("a[data-resume]")) {
  if (link.pathname === place.path && place.share > 0.05) link.hash = MARK;
}
if (document.querySelector("main [data-lesson], main article.prose, main .lesson")) {
  if (location.hash === MARK && place.path === location.pathname) open(place.share);
  let waiting;
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, PAUSE);
  });
}
