// Presses the only button of a page that leads on by itself (signing in with SAML). Without it a person presses it.
document.getElementById("continue").requestSubmit();
