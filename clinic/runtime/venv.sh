# Build or refresh .venv from pinned requirements: sh clinic/runtime/venv.sh REQUIREMENTS...
# With the interpreter that PYTHON names, else the first new enough one on the PATH. Does nothing, in a few
# milliseconds, when .venv holds exactly them already. Says in one line what is wrong otherwise.
set -eu

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

refuse() {
    echo "$1" >&2
    exit 1
}

# One at a time: `make lint` and `make test` may be started together.
if [ -z "${CLINIC_VENV_LOCKED:-}" ] && command -v flock >/dev/null; then
    CLINIC_VENV_LOCKED=1 exec flock Makefile sh "$0" "$@"
fi

if ! is_new_enough .venv/bin/python; then
    python=${PYTHON:-}
    if [ -n "$python" ]; then
        is_new_enough "$python" ||
            refuse "Python 3.11 or newer is needed, and $python is $("$python" --version 2>/dev/null || echo 'not there'): say make PYTHON=/path/to/another."
    else
        for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
            if is_new_enough "$candidate"; then
                python=$candidate
                break
            fi
        done
        [ -n "$python" ] ||
            refuse "Python 3.11 or newer is needed, and $(python3 --version 2>/dev/null || echo none) was found: install python3.11, or say make PYTHON=/path/to/it."
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        refuse "This Python cannot make virtual environments: install its venv package (on Debian: apt-get install python3-venv)."
    echo "Making the virtual environment .venv with $("$python" --version) ..."
    rm -rf .venv
    "$python" -m venv .venv || refuse "The virtual environment .venv could not be made; see above."
fi

for requirements in "$@"; do
    wanted=$(cksum <"$requirements")
    stamp=.venv/.installed-$requirements
    if [ "$wanted" != "$(cat "$stamp" 2>/dev/null || true)" ]; then
        echo "Installing $requirements (a minute or two the first time) ..."
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input -r "$requirements" ||
            refuse "The packages of $requirements could not be installed: see above, then try again."
        echo "$wanted" >"$stamp"
    fi
done
