// In a page that a learning platform shows in a frame: keeps and reads one value in the platform's storage (LTI Client Side
// postMessages), for browsers that keep no cookies there, and asks the platform to close the page. Without it, links and buttons
// do the same in a new window.
const element = document.querySelector("[data-platform]");
const { platform: what, frame, origin, key, value } = element.dataset;
const outside = window.opener ?? window.parent;

/** The frame of the platform that keeps values. */
function storage() {
  if (frame === "_parent") return outside;
  try {
    return outside.frames[frame] ?? outside;
  } catch {
    return outside;
  }
}

/** Ask the storage, and wait two seconds for its answer; null if none comes. */
function ask(subject, more) {
  const number = crypto.randomUUID();
  return new Promise((resolve) => {
    const finish = (answer) => { clearTimeout(timer); removeEventListener("message", listen); resolve(answer); };
    const listen = ({ data, origin: sender }) => {
      if (sender === origin && data?.message_id === number && data.subject === `${subject}.response`) finish(data);
    };
    const timer = setTimeout(finish, 2000, null);
    addEventListener("message", listen);
    storage().postMessage({ subject, message_id: number, key, ...more }, origin);
  });
}

if (what === "put") {
  await ask("lti.put_data", { value });
  location.replace(element.href);
} else if (what === "get") {
  const answer = await ask("lti.get_data", {});
  if (typeof answer?.value === "string") {
    element.elements.stored.value = answer.value;
    element.submit();
  }
} else if (outside !== window) {
  element.hidden = false;
  element.addEventListener("click", () => outside.postMessage({ subject: "org.imsglobal.lti.close" }, origin));
}
