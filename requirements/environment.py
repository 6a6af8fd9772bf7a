"""Make the environments of this project: `python3 requirements/environment.py NAME...`

For the Makefile, before anything of ours is installed: so it needs nothing beside Python and runs, if only to say
what is missing, on an old one. Each environment is made from locked files with hashes, once: a stamp remembers which
locks it was made from. Two that run at once take turns.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST = (3, 11)

# name: the folder, the locks in the order they are installed, whether Florin itself goes in (editable)
ENVIRONMENTS = {
    "run": (".venv", ["build", "base"], True),
    "lab": (".venv", ["build", "lab"], True),
    "dev": (".venv", ["build", "dev"], True),
    "alipay-official": (".venvs/alipay-official", ["sdk-build", "sdk-alipay-official"], False),
    "alipay-fzlee": (".venvs/alipay-fzlee", ["sdk-build", "sdk-alipay-fzlee"], False),
    "wechatpayv3": (".venvs/wechatpayv3", ["sdk-build", "sdk-wechatpayv3"], False),
    "alipay-django": (".venvs/alipay-django", ["sdk-build", "sdk-alipay-django"], False),
    "alipay-v3": (".venvs/alipay-v3", ["sdk-alipay-v3"], False),
    "schemathesis": (".venvs/schemathesis", ["tool-schemathesis"], False),
    "mesa": (".venvs/mesa", ["tool-mesa"], False),
    "iso20022": (".venvs/iso20022", ["tool-iso20022"], False),
    "example-oscar": (".venvs/example-oscar", ["example-build", "example-oscar"], False),
    "node": (".venvs/node", ["node"], False),
}
NPM = os.path.join(ROOT, "tests", "sdk", "npm")


def main(names):
    if sys.version_info < OLDEST:
        sys.exit(
            f"Florin needs Python {OLDEST[0]}.{OLDEST[1]} or later; {sys.executable} is {sys.version.split()[0]}.\n"
            "Install a newer one and name it: make PYTHON=python3.12 ..."
        )
    os.chdir(ROOT)
    os.makedirs(".venvs", exist_ok=True)
    for name in names:
        if name == "npm":
            make_npm()
        else:
            make(name)


def make(name):
    folder, locks, with_florin = ENVIRONMENTS[name]
    files = [os.path.join("requirements", lock + ".txt") for lock in locks]
    stamp = os.path.join(folder, ".made-" + name)
    wanted = digest(files + (["pyproject.toml"] if with_florin else []))
    if read(stamp) == wanted:
        return
    with Turn(folder):
        if read(stamp) == wanted:
            return
        print(f"Making {folder} ({', '.join(files)}), once.", flush=True)
        make_folder(folder)
        for file in files:
            # Without isolation a source package is built by the back end that the lock before it brought. Nothing is
            # compiled ahead: of the vendor's SDK, nearly forty thousand files, a test imports a dozen.
            pip(folder, "--require-hashes", "--no-build-isolation", "--no-compile", "-r", file)
        if with_florin:
            pip(folder, "--no-deps", "--no-build-isolation", "-e", ".")
        write(stamp, wanted)


def make_folder(folder):
    if has_pip(os.path.join(folder, "bin", "python")):
        return
    try:
        import ensurepip  # noqa: F401 - Debian packs it apart, and venv's own words for that are hard to read
    except ImportError:
        sys.exit("This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv")
    run([sys.executable, "-m", "venv", "--clear", folder])


def has_pip(python):
    """Whether an environment is there and whole: one whose Python moved away is made anew."""
    if not os.path.exists(python):
        return False
    return (
        subprocess.call([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    )


def make_npm():
    """tests/sdk/npm/node_modules, with the machine's Node where there is one, else with the wheel's."""
    lock = os.path.join(NPM, "package-lock.json")
    stamp = os.path.join(NPM, "node_modules", ".made")
    wanted = digest([lock, os.path.join(NPM, "package.json")])
    own = os.path.join(ROOT, ".venvs", "node", "bin")
    if not has_node():
        make("node")
        os.environ["PATH"] = own + os.pathsep + os.environ.get("PATH", os.defpath)
    if read(stamp) == wanted:
        return
    with Turn("npm"):
        if read(stamp) == wanted:
            return
        print("Making tests/sdk/npm/node_modules, once.", flush=True)
        run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
            cwd=NPM,
        )
        write(stamp, wanted)


def has_node():
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    told = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    try:
        return int(told.decode().lstrip("v").split(".")[0]) >= 18
    except ValueError:
        return False


def pip(folder, *arguments):
    python = os.path.join(folder, "bin", "python")
    run([python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", *arguments])


def run(command, **options):
    code = subprocess.call(command, **options)
    if code != 0:
        sys.exit(f"Failed ({code}): {' '.join(command)}")


class Turn:
    """Held while an environment is being made; whoever comes second waits, then finds it made."""

    def __init__(self, name):
        self.path = os.path.join(".venvs", "." + name.strip(".").replace("/", "-") + ".lock")

    def __enter__(self):
        self.file = open(self.path, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def digest(paths):
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(file.read())
    return total.hexdigest()


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
