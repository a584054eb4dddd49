// A real OpenID provider (panva's oidc-provider) on loopback, for one run of the tests. Its settings come as JSON in the first
// argument: { port, client, accounts }. It signs in whoever enters the name of an account, with any password.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { port, client, accounts } = JSON.parse(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  findAccount: (_context, id) => (accounts[id] ? { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) } : undefined),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username", "groups"] },
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  // The client is the organisation's own: nobody is asked whether it may know who they are.
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});
createServer(provider.callback()).listen(port, "127.0.0.1", () => console.log("listening"));
