"""Find or install the Chromium that the browser tests drive through Playwright.

Use: `playwright.chromium.launch(executable_path=find_or_install(), args=LAUNCH_ARGS)`.
From a shell, in the project's folder: `python -m tests.support.chromium` prints the path.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from tests.support.postgres import apt_install, last_lines

# Chromium without a window of its own, of which the tests see nothing: a page takes less than half the time.
HEADLESS_SHELL = "chromium-headless-shell"
NAMES = (HEADLESS_SHELL, "chromium", "chromium-browser", "google-chrome")
VERSION_SECONDS = 60
DOWNLOAD_SECONDS = 900

# What Playwright names for its own work (`chromiumSwitches.ts`), but for what concerns Windows, macOS and a signed-in Chrome.
PLAYWRIGHT_SWITCHES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)

LAUNCH_ARGS: list[str] = [
    # Chromium's sandbox refuses to run as root; for anybody else it stays as it is.
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Without these three Chromium calls its maker's servers, which a closed network refuses many at a time.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A frame of its own for each page of a site takes a quarter of the time of going to the next page. Named here, features
    # take the place of those that Playwright switches off, so these follow.
    f"--disable-features={','.join(('RenderDocument', *PLAYWRIGHT_SWITCHES_OFF))}",
    # Each page runs axe for a tenth of a second in a document of its own: compiling that well takes longer than running it.
    "--js-flags=--no-turbofan --no-maglev",
    # A container's /dev/shm is often 64 MB, too small for a page; /tmp is used in its place.
    "--disable-dev-shm-usage",
]


def find_or_install() -> str:
    """Return the path of a Chromium or Chrome executable, for Playwright's `executable_path`.

    Taken from, in this order: the variable CHROMIUM_PATH; PATH; Debian's package, installed now;
    Playwright's own browser, downloaded now. The last step starts Playwright, so call this before
    starting it yourself. Raises RuntimeError, which says what was tried and what to do.
    """
    chosen = os.environ.get("CHROMIUM_PATH")
    if chosen:
        if not (Path(chosen).is_file() and os.access(chosen, os.X_OK)):
            raise RuntimeError(
                f"CHROMIUM_PATH is {chosen!r}, which is not an executable file. Set it to the path of "
                "Chromium or Chrome, or unset it to have one found or installed."
            )
        return chosen
    found = on_path()
    if found is not None:
        return found
    problems = []
    for install in (_install_with_apt, _install_with_playwright):
        try:
            return install()
        except RuntimeError as error:
            problems.append(str(error))
    raise RuntimeError(
        "The browser tests need Chromium, and there is none. Install it, for example with "
        "'apt-get install chromium-headless-shell' as root or 'python -m playwright install --with-deps chromium', or set "
        "CHROMIUM_PATH to the path of Chromium or Chrome. Tried:\n- " + "\n- ".join(problems)
    )


def on_path() -> str | None:
    """Return the first browser of NAMES on PATH that runs, or None."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None and _runs(path):
            return path
    return None


def _runs(path: str) -> bool:
    """Tell whether the browser at `path` can print its version.

    Ubuntu's chromium-browser is a script that only says to install the snap; this leaves it out.
    """
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=VERSION_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _install_with_apt() -> str:
    """Install Debian's Chromium and the fonts a page needs, and return its path.

    Raises RuntimeError if apt-get is missing, not allowed or fails, or if what it installed does not run.
    """
    try:
        apt_install(HEADLESS_SHELL, "fonts-dejavu-core")
    except RuntimeError:
        # Older releases of Debian have it only as a whole.
        apt_install("chromium", "fonts-dejavu-core")
    try:
        apt_install("fonts-noto-color-emoji")
    except RuntimeError as error:
        # Without it an emoji shows as a box, which is no reason to go without browser tests.
        print(f"Going on without colour emoji: {error}", file=sys.stderr)
    found = on_path()
    if found is None:
        raise RuntimeError("apt-get installed Chromium, but none that runs is on PATH")
    return found


def _install_with_playwright() -> str:
    """Download Playwright's own Chromium, or find it downloaded, and return its path.

    Raises RuntimeError, with the last lines of what was printed, if the download fails.
    """
    # The libraries that Chromium needs come through the package manager, so only root can have them added.
    dependencies = ["--with-deps"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "playwright", "install", *dependencies, "chromium"]
    print("Downloading Chromium with Playwright ...", file=sys.stderr)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"'{' '.join(command)}' took longer than {DOWNLOAD_SECONDS} seconds") from error
    if done.returncode != 0:
        raise RuntimeError(f"'{' '.join(command)}' failed (exit code {done.returncode}):\n{last_lines(done.stdout)}")
    try:
        with sync_playwright() as playwright:
            return playwright.chromium.executable_path
    except PlaywrightError as error:
        raise RuntimeError(f"Playwright could not say where its Chromium is: {error}") from error


if __name__ == "__main__":
    try:
        print(find_or_install())
    except RuntimeError as failure:
        sys.exit(str(failure))
