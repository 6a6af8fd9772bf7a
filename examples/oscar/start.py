"""`make oscar`: a sandbox and the shop, each in its own environment, until Ctrl-C. Nothing of either is left behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLORIN = ROOT / ".venv" / "bin" / "florin"
SHOP_PYTHON = ROOT / ".venvs" / "example-oscar" / "bin" / "python"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # by way of the `finally` below
    port = int(sys.argv[1]) if len(sys.argv) > 1 else free_port()
    with tempfile.TemporaryDirectory(prefix="florin-oscar-") as folder:
        env_file = Path(folder, "shop.env")
        sandbox = subprocess.Popen(
            [FLORIN, "sandbox", "up", "--env-file", env_file], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        shop = None
        try:
            if not any(line.strip() == "ready" for line in sandbox.stdout):
                sys.exit("The sandbox did not start; its own words are above.")
            threading.Thread(target=sandbox.stdout.read, daemon=True).start()
            values = dict(line.split("=", 1) for line in env_file.read_text().splitlines() if line[0] != "#")
            environment = {**os.environ, **values, "SHOP_DATA": str(Path(folder, "shop"))}
            manage = [SHOP_PYTHON, "-W", "ignore", HERE / "manage.py"]
            subprocess.run([*manage, "open_shop"], env=environment, check=True)
            print(
                f"\nThe shop: http://127.0.0.1:{port}/   pay as alice, password sandbox, PIN 246810; Ctrl-C ends both.\n"
            )
            shop = subprocess.Popen([*manage, "runserver", "--noreload", f"127.0.0.1:{port}"], env=environment)
            shop.wait()
        except KeyboardInterrupt:
            pass
        finally:
            for process in (shop, sandbox):
                if process is not None:
                    process.terminate()
                    process.wait()


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


if __name__ == "__main__":
    main()
