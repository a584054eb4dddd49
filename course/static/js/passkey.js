// Passkeys: fills the form that asks for one, and sends it. Without it the form stays hidden, and other ways are there.
const bytes = (text) => new TextEncoder().encode(text);
const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (form) => form.dataset.ids.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: decode(id) }));
let waiting = null; // the question that the browser asks by itself, in the list of names

/** The answer of a passkey as JSON, as the server reads it. */
function written({ id, rawId, type, response, authenticatorAttachment }) {
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = encode(response[name]);
  }
  return JSON.stringify({ id, rawId: encode(rawId), type, response: parts, authenticatorAttachment });
}

function question(form) {
  const { challenge, host, verify, user, login } = form.dataset;
  if (form.dataset.passkey === "get") {
    return { publicKey: { challenge: bytes(challenge), rpId: host, userVerification: verify, allowCredentials: known(form) } };
  }
  return { publicKey: {
    challenge: bytes(challenge), rp: { id: host, name: document.title }, attestation: "none", excludeCredentials: known(form),
    user: { id: bytes(user), name: login, displayName: login },
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: verify },
  } };
}

async function ask(form, more = {}) {
  const way = form.dataset.passkey === "create" ? "create" : "get";
  const answer = await navigator.credentials[way]({ ...question(form), ...more });
  form.elements.answer.value = written(answer);
  form.submit();
}

async function press(event) {
  const form = event.currentTarget, trouble = form.querySelector("[role=alert]");
  event.preventDefault();
  waiting?.abort();
  trouble.hidden = true;
  try {
    await ask(form);
  } catch {
    trouble.hidden = false; // put away, no passkey here, or one that is there already
  }
}

/** Let the browser offer passkeys in the field for the name, where it can. */
async function offer(form) {
  if (!form.hasAttribute("data-offer") || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  ask(form, { mediation: "conditional", signal: waiting.signal }).catch(() => null);
}

export function start(page) {
  if (!globalThis.PublicKeyCredential || !isSecureContext) return;
  for (const form of page.querySelectorAll("form[data-passkey]")) {
    if (form.dataset.host !== location.hostname) continue;
    form.hidden = false;
    form.addEventListener("submit", press);
    offer(form);
  }
}

start(document);
